"""Text that stays in place while a cine goes on: what is boxed on some frames, on the others where its pixels stand.

Text detection reads a word on one picture and overlooks it on the next, though an overlay wrote the same pixels there.
Pictures are compared, never guessed: where the strokes are others, or none, nothing is boxed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from dicom_deid.geometry import Box
from dicom_deid.phi.findings import Action, Evidence, EvidenceKind, Finding, TextClass
from dicom_deid.phi.planning import read_elsewhere
from dicom_deid.pixels.rendering import Picture
from dicom_deid.records import ImageRecord

_LOOK_BACK: Final = 4
"""Groups of frames that are looked back to: a text that blinks leaves out one or two."""
_COVERED: Final = 0.95
"""Share of a box that boxes of the other frames must cover, for the text in it to count as found there."""
_READ: Final = 0.6
"""Share of a box of unknown text that clinical words cover where the other frames' text was read."""
_ALIKE: Final = 0.75
"""Correlation of two places' detail from which they hold the same strokes (decision 67: others stay below 0.66)."""
_STILL: Final = 3.0
"""Where half of the pixels differ by no more grey levels, hardly anything moved."""
_CODING_NOISE: Final = 15.0
"""Grey levels by which coding changes a pixel, at most."""
_GONE: Final = 0.05
_ONE_WAY: Final = 0.8
"""There, faint text is gone where more than such a share of the pixels changed, and most of them one way: what moves
becomes brighter here and darker there. The strong texture behind it, which stayed, would have looked like its strokes.
"""
_PICTURES: Final = 8
"""Decoded pictures that are held at once, of some 10 MB at most each."""

Planes = NDArray[np.float32]
"""(2, rows, columns): of the brightest and of the darkest channel."""


@dataclass(frozen=True, slots=True)
class Place:
    """A part of a picture: its brightness, and how much each pixel differs from those around it."""

    brightness: Planes
    detail: Planes

    @classmethod
    def of(cls, picture: Picture) -> Place:
        """Around a pixel is a letter's width and more."""
        side = max(5, round(0.6 * min(picture.shape[:2])) | 1)
        brightness = np.stack([picture.max(axis=2), picture.min(axis=2)]).astype(np.float32)
        around = [cv2.blur(plane, (side, side), borderType=cv2.BORDER_REFLECT) for plane in brightness]
        return cls(brightness, brightness - np.stack(around))

    def same_strokes(self, other: Place) -> bool:
        """Whether the strokes of this place stand in the other, whatever lies behind them."""
        if _is_gone(self.brightness, other.brightness):
            return False
        return any(_same_strokes(one, another) for one, another in zip(self.detail, other.detail, strict=True))


def with_lasting(
    findings: Iterable[Finding],
    images: Iterable[ImageRecord],
    read: Callable[[ImageRecord], Picture],
    *,
    rows: int,
    columns: int,
) -> tuple[Finding, ...]:
    """The findings, and for each that is not kept another one on frames whose pictures show the same strokes there.

    Frames where boxes cover the place already are not looked at, so a cine whose overlay was read throughout costs
    nothing. Unknown text is not carried over what was read there as clinical.

    Parameters
    ----------
    images
        Of the whole instance; images of the same frames stand for one group of frames.
    read
        The picture that text detection was shown.
    """
    agreed = tuple(read_elsewhere(list(findings)))
    by_frames: dict[tuple[int, ...], list[ImageRecord]] = {}
    for image in images:
        by_frames.setdefault(image.frames, []).append(image)
    if len(by_frames) < 2:
        return agreed
    places = _Places({image.image: image for group in by_frames.values() for image in group}, read, rows, columns)
    groups = [_Group(frames, tuple(by_frames[frames])) for frames in sorted(by_frames)]
    by_group = {group.frames: group for group in groups}
    for finding in agreed:
        if finding.frames in by_group:
            by_group[finding.frames].note(finding, rows, columns)
    added: list[Finding] = []
    for ordered in (groups, groups[::-1]):
        for number, group in enumerate(ordered):
            for before in reversed(ordered[max(0, number - _LOOK_BACK) : number]):
                for source in tuple(before.drawn):
                    found = _found_again(source, group, places)
                    if found is not None:
                        added.append(found)
                        group.note(found, rows, columns)
    return (*agreed, *added)


@dataclass
class _Group:
    """Frames that one analysed frame stands for, its images, and what was found on it so far."""

    frames: tuple[int, ...]
    images: tuple[ImageRecord, ...]
    drawn: list[Finding] = field(default_factory=list)
    kept: list[Finding] = field(default_factory=list)
    refused: set[tuple[int, Box]] = field(default_factory=set)
    """Places of other groups' images that are not shown here."""

    def note(self, finding: Finding, rows: int, columns: int) -> None:
        """Remember a finding of these frames."""
        if finding.box.clipped(columns, rows) is None:
            return
        if finding.action is not Action.KEEP:
            self.drawn.append(finding)
        elif finding.word_ids:
            self.kept.append(finding)

    def covers(self, box: Box) -> bool:
        """Whether what is drawn here covers the box."""
        return _share(box, (finding.box for finding in self.drawn)) >= _COVERED

    def explains(self, finding: Finding) -> bool:
        """Whether the unknown text was read here, and is clinical."""
        kept = (other.box for other in self.kept)
        return finding.text_class is TextClass.UNMATCHED and _share(finding.box, kept) >= _READ


def _found_again(source: Finding, group: _Group, places: _Places) -> Finding | None:
    """A finding of another group as one of this group, where the same strokes stand."""
    key = (source.image, source.box)
    if key in group.refused or group.covers(source.box) or group.explains(source):
        return None
    sought = places.at(source.image, source.box)
    for image in group.images if sought is not None else ():
        shown = places.at(image.image, source.box)
        if sought is not None and shown is not None and sought.same_strokes(shown):
            same = Evidence(EvidenceKind.REGION, "same-pixels", 0.0)
            evidence = source.evidence if same in source.evidence else (*source.evidence, same)
            return replace(source, frames=group.frames, image=image.image, word_ids=(), evidence=evidence)
    group.refused.add(key)
    return None


def _same_strokes(sought: NDArray[np.float32], shown: NDArray[np.float32]) -> bool:
    size = float(np.sqrt((sought * sought).sum() * (shown * shown).sum()))
    return size > 0 and float((sought * shown).sum()) >= _ALIKE * size


def _is_gone(sought: Planes, shown: Planes) -> bool:
    """Whether something faint disappeared, and all else stayed."""
    change = shown - sought
    if float(np.median(np.abs(change))) > _STILL:
        return False
    brighter, darker = (int(np.count_nonzero(sign * change > _CODING_NOISE)) for sign in (1, -1))
    changed = brighter + darker
    return changed > _GONE * change.size and max(brighter, darker) > _ONE_WAY * changed


@dataclass
class _Places:
    """Places of frames, cut out of the images that show them, in frame pixels."""

    images: dict[int, ImageRecord]
    read: Callable[[ImageRecord], Picture]
    rows: int
    columns: int
    held: OrderedDict[int, Picture] = field(default_factory=OrderedDict)

    def at(self, image: int, box: Box) -> Place | None:
        """None where the image does not show the whole box."""
        inside = box.clipped(self.columns, self.rows)
        record = self.images.get(image)
        if inside is None or record is None:
            return None
        placement = record.placement
        left, top, right, bottom = (
            round((edge - offset) * placement.scale) + placement.padding
            for edge, offset in zip(
                (inside.x0, inside.y0, inside.x1, inside.y1), 2 * (placement.offset_x, placement.offset_y), strict=True
            )
        )
        margin = placement.padding
        if min(left, top) < margin or right > record.width - margin or bottom > record.height - margin:
            return None
        place = self._picture(record)[top:bottom, left:right]
        if place.size == 0:
            return None
        return Place.of(
            np.asarray(cv2.resize(place, (inside.width, inside.height), interpolation=cv2.INTER_AREA), np.uint8)
        )

    def _picture(self, record: ImageRecord) -> Picture:
        if record.image not in self.held:
            while len(self.held) >= _PICTURES:
                self.held.popitem(last=False)
            self.held[record.image] = self.read(record)
        self.held.move_to_end(record.image)
        return self.held[record.image]


def _share(box: Box, others: Iterable[Box]) -> float:
    """The share of a box that others cover."""
    covered = np.zeros((box.height, box.width), bool)
    for part in _parts(box, others):
        covered[part.y0 - box.y0 : part.y1 - box.y0, part.x0 - box.x0 : part.x1 - box.x0] = True
    return float(covered.mean())


def _parts(box: Box, others: Iterable[Box]) -> Iterator[Box]:
    for other in others:
        part = box.intersection(other)
        if part is not None:
            yield part


def in_colours(content: bytes) -> Picture:
    """A picture for text detection as it was encoded: (rows, columns, 3) RGB.

    Raises
    ------
    ValueError
        When it is no picture.
    """
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if decoded is None:
        raise ValueError("no picture")
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)
