"""Profiles of the custodian's own, from a YAML or TOML file.

::

    name: trial-17
    base: research                  # a preset to start from; "basic" where it is absent
    options: [113108]               # codes of CID 7050, added to those of the base
    without: [113111]               # codes taken from the base
    overrides: {"(0008,1030)": X}   # tag to X, Z, D or K
    date_shift: [-400, -30]
    issuers: [HOSPITAL_A]
    descriptors: true
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from dicom_deid.errors import ConfigurationError
from dicom_deid.header.presets import profile_named as preset_named
from dicom_deid.header.profiles import Action, Option, Profile

_TAG: Final = re.compile(r"\(?([0-9A-Fa-f]{4}),?([0-9A-Fa-f]{4})\)?")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
_KEYS: Final = frozenset({"name", "base", "options", "without", "overrides", "date_shift", "issuers", "descriptors"})


def profile_from(path: Path) -> Profile:
    """The profile that a file describes.

    Raises
    ------
    ConfigurationError
        Where it does not; the message names the line, and the key or tag on it.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError("the profile file cannot be read as text") from None
    content, lines = (_from_toml if path.suffix == ".toml" else _from_yaml)(text)
    return _Reader(content, lines).profile(default_name=path.stem)


class _Reader:
    """Turns parsed content into a profile; knows the line of each key for its messages."""

    def __init__(self, content: Mapping[str, Any], lines: Callable[[str], int]) -> None:
        self._content, self._lines = content, lines

    def profile(self, default_name: str) -> Profile:
        for key in self._content:
            if key not in _KEYS:
                self._refuse(str(key), f"no such key; there are {', '.join(sorted(_KEYS))}")
        base = self._base()
        options = (base.options | self._options("options")) - self._options("without")
        name = self._content.get("name", default_name)
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            self._refuse("name", "a name has lower-case letters, digits and hyphens, at most 31")
        try:
            return Profile(
                name=name,
                options=options,
                overrides=self._overrides(),
                date_shift=self._date_shift(base.date_shift),
                issuers=self._issuers(),
                descriptors=self._flag("descriptors", base.descriptors),
            )
        except ConfigurationError as error:
            if str(error).startswith("line "):
                raise
            key = next((key for key in ("options", "date_shift", "overrides", "base") if key in self._content), "name")
            raise ConfigurationError(f"line {self._lines(key)}: {error}") from None

    def _base(self) -> Profile:
        base = self._content.get("base", "basic")
        try:
            return preset_named(base if isinstance(base, str) else "")
        except ConfigurationError as error:
            raise ConfigurationError(f"line {self._lines('base')}: base: {error}") from None

    def _options(self, key: str) -> frozenset[Option]:
        found = set()
        for code in self._list(key):
            try:
                found.add(Option(str(code)))
            except ValueError:
                self._refuse(key, "an option is a code from 113101 to 113112")
        return frozenset(found)

    def _overrides(self) -> Mapping[int, Action]:
        overrides = self._content.get("overrides", {})
        if not isinstance(overrides, Mapping):
            self._refuse("overrides", "maps tags to X, Z, D or K")
        found: dict[int, Action] = {}
        for tag, action in overrides.items():
            match = _TAG.fullmatch(str(tag).replace(" ", ""))
            if match is None:
                self._refuse(str(tag), "a tag is written (gggg,eeee), in quotes")
            try:
                found[int(match[1] + match[2], 16)] = Action(str(action))
            except ValueError:
                self._refuse(str(tag), "an action is X, Z, D or K")
        return found

    def _date_shift(self, default: tuple[int, int]) -> tuple[int, int]:
        if "date_shift" not in self._content:
            return default
        days = self._list("date_shift")
        if len(days) != 2 or not all(type(day) is int and abs(day) <= 36500 for day in days):
            self._refuse("date_shift", "two whole numbers of days, the lower first")
        return days[0], days[1]

    def _issuers(self) -> tuple[str, ...]:
        issuers = self._list("issuers")
        if not all(isinstance(issuer, str) and 0 < len(issuer) <= 64 for issuer in issuers):
            self._refuse("issuers", "each is a text of at most 64 characters")
        return tuple(issuers)

    def _flag(self, key: str, default: bool) -> bool:
        value = self._content.get(key, default)
        if not isinstance(value, bool):
            self._refuse(key, "is true or false")
        return value

    def _list(self, key: str) -> Sequence[Any]:
        value = self._content.get(key, [])
        if not isinstance(value, list):
            self._refuse(key, "is a list")
        return value

    def _refuse(self, key: str, why: str) -> NoReturn:
        raise ConfigurationError(f"line {self._lines(key)}: {key}: {why}")


def _from_toml(text: str) -> tuple[Mapping[str, Any], Callable[[str], int]]:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        line = int(place[1]) if place else text.count("\n") + 1
        raise ConfigurationError(f"line {line}: not TOML") from None
    return content, _line_finder(text)


def _from_yaml(text: str) -> tuple[Mapping[str, Any], Callable[[str], int]]:
    import yaml

    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise ConfigurationError(f"line {mark.line + 1 if mark else 1}: not YAML") from None
    if not isinstance(content, Mapping):
        raise ConfigurationError("line 1: a profile maps keys to values")
    return content, _line_finder(text)


def _line_finder(text: str) -> Callable[[str], int]:
    """The first line on which a key stands, 1-based."""
    lines = text.splitlines()

    def line_of(key: str) -> int:
        pattern = re.compile(rf"""(?:^|[\s{{,\[."'])["']?{re.escape(key)}["']?\s*[:=\]]""")
        return next((number for number, line in enumerate(lines, 1) if pattern.search(line)), 1)

    return line_of
