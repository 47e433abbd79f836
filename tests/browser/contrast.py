"""How well a page can be read: WCAG 2.1, success criterion 1.4.3."""

from __future__ import annotations

from typing import Final

from playwright.sync_api import Page

LEAST: Final = 4.5
"""To 1, for running text."""


def lowest_contrast(page: Page) -> float:
    """The lowest ratio of a text to the ground behind it."""
    return float(page.evaluate(_CONTRAST))


_CONTRAST = """() => {
  const part = v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = colour => {
    const [r, g, b] = colour.match(/[0-9.]+/g).map(v => part(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (!colour.endsWith(", 0)")) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const texts = "h1,h2,h3,p,b,code,label,legend,figcaption,td,th,summary,footer,span,button:enabled,.none,.soft";
  const ratios = [...document.querySelectorAll(texts)].map(e => {
    const [brighter, darker] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
    return (brighter + 0.05) / (darker + 0.05);
  });
  return Math.min(...ratios);
}"""
