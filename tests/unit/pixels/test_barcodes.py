"""Barcodes and QR codes carry identifiers that no OCR reads."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from dicom_deid.pixels.barcodes import barcodes
from dicom_deid.pixels.text_regions import Picture
from tests.synthetic.burned_in_backgrounds import background
from tests.synthetic.burned_in_typefaces import word_mask


def qr(text: str, side: int) -> Picture:
    code = cv2.QRCodeEncoder.create().encode(text)
    enlarged = cv2.resize(code, (side, side), interpolation=cv2.INTER_NEAREST)
    return np.repeat(np.asarray(enlarged, np.uint8)[..., None], 3, axis=2)


def ean13(digits: str, module: int = 3, height: int = 80) -> Picture:
    """GS1 General Specifications 5.2.2: three number sets of seven modules a digit."""
    left = [
        "0001101",
        "0011001",
        "0010011",
        "0111101",
        "0100011",
        "0110001",
        "0101111",
        "0111011",
        "0110111",
        "0001011",
    ]
    parity = ["LLLLLL", "LLGLGG", "LLGGLG", "LLGGGL", "LGLLGG", "LGGLLG", "LGGGLL", "LGLGLG", "LGLGGL", "LGGLGL"]
    right = ["".join("10"[int(bit)] for bit in code) for code in left]
    sets = {"L": left, "G": [code[::-1] for code in right]}
    first = (sets[kind][int(digit)] for digit, kind in zip(digits[1:7], parity[int(digits[0])], strict=True))
    bits = "101" + "".join(first) + "01010" + "".join(right[int(digit)] for digit in digits[7:]) + "101"
    bars = np.array([0 if bit == "1" else 255 for bit in bits], np.uint8).repeat(module)
    return np.repeat(np.tile(bars, (height, 1))[..., None], 3, axis=2)


def code39(text: str, module: int = 2, height: int = 60) -> Picture:
    """Code 39 (ISO/IEC 16388), as wristbands carry it: nine elements a character, three of them wide."""
    wide = {"*": "010010100", "4": "000110001", "7": "000100101", "1": "100100001", "M": "101000010", "R": "100000110"}
    bars: list[int] = []
    for character in f"*{text}*":
        for place, element in enumerate(wide[character]):
            bars += [0 if place % 2 == 0 else 255] * (module * (3 if element == "1" else 1))
        bars += [255] * module
    return np.repeat(np.tile(np.array(bars, np.uint8), (height, 1))[..., None], 3, axis=2)


def on_white(code: Picture, x: int, y: int) -> Picture:
    picture = np.full((420, 560, 3), 255, np.uint8)
    picture[y : y + code.shape[0], x : x + code.shape[1]] = code
    return picture


@pytest.mark.parametrize(
    ("code", "x", "y"),
    [
        (qr("MRN 4471902", 126), 60, 80),
        (qr("x", 90), 300, 200),
        (ean13("5901234123457"), 80, 120),
        (code39("MR4471"), 40, 300),
        (np.ascontiguousarray(code39("MR4471").swapaxes(0, 1)), 400, 30),
    ],
)
def test_a_code_is_covered_whole(code: Picture, x: int, y: int) -> None:
    (box,) = barcodes(on_white(code, x, y))
    height, width = code.shape[:2]
    edge = 16 if width > 100 and height == width else 4
    assert box.x0 <= x + edge
    assert box.y0 <= y + edge
    assert box.x1 >= x + width - edge
    assert box.y1 >= y + height - edge


@pytest.mark.parametrize("modality", ["CT", "MR", "US", "ES"])
def test_anatomy_is_no_code(modality: str) -> None:
    for number in range(2):
        scene = background(modality, np.random.default_rng(number), colour=True)
        assert barcodes((scene * 255).astype(np.uint8)) == ()


def test_large_capitals_are_no_bars() -> None:
    for text in ("ANTRUM", "HILLIMN", "MINIMUM"):
        mask, _ = word_mask("outline:fimo", text, 24)
        picture = np.full((120, 300), 200, np.uint8)
        picture[40 : 40 + mask.shape[0], 20 : 20 + mask.shape[1]] = 200 - (mask * 0.75).astype(np.uint8)
        assert barcodes(np.repeat(picture[..., None], 3, axis=2)) == ()


def test_a_tiny_picture_holds_no_code() -> None:
    assert barcodes(np.zeros((30, 30, 3), np.uint8)) == ()
