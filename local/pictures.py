"""Pictures for people: a frame before or after, with the outlines of its boxes."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Final

import cv2
import numpy as np

from dicom_deid.geometry import Box
from dicom_deid.part10.reader import read_header
from dicom_deid.phi.findings import Action
from dicom_deid.phi.planning import is_whole_frame
from dicom_deid.pixels.codecs.protocol import Pixels
from dicom_deid.pixels.codecs.registry import codec_of
from dicom_deid.pixels.description import describe
from dicom_deid.pixels.display import Display
from dicom_deid.pixels.frames import FrameReader
from dicom_deid.pixels.plan import RedactionPlan
from dicom_deid.pixels.rendering import Picture, for_people, for_text
from dicom_deid.pixels.unused_bits import UnusedBits

_THUMBNAIL: Final = 360
_PLAIN: Final = 8
"""Grey levels by which a box varies in which a person sees nothing."""
_COLOURS: Final = {Action.REDACT: (232, 93, 58), Action.REVIEW: (240, 180, 41), Action.KEEP: (70, 160, 120)}


def after_picture(content: bytes, plan: RedactionPlan) -> bytes:
    """A JPEG thumbnail of the released object's most interesting frame, its boxes outlined."""
    frames = _Frames(content)
    number = _interesting(plan, frames.count)
    picture, scale = _scaled(frames.picture(number), _THUMBNAIL)
    _outline(picture, plan, number, scale, {Action.REDACT, Action.REVIEW})
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()


def before_pictures(content: bytes, plan: RedactionPlan, analysed: Iterable[int]) -> Iterator[tuple[str, bytes]]:
    """Frames of the source as PNG at full size, each with the boxes that lie on it: for the custodian alone.

    Each is named by its number (0-based). Each box under review is seen on its first frame; where its text shows only
    in another picture that text detection was given, through another window or of one colour, that one follows. Where
    a person is asked to look at everything, the frames that text detection was shown follow, which stand for all.
    """
    frames = _Frames(content)
    for number in _to_decide(plan, frames.count, analysed):
        usual = frames.picture(number)
        asked = [box.box for box in plan.boxes if box.action is Action.REVIEW and number in box.frames]
        more = [other for other in frames.pictures_for_text(number) if any(_shows_more(usual, other, b) for b in asked)]
        for place, shown in enumerate((usual, *more)):
            picture, scale = _scaled(shown, 1600)
            _outline(picture, plan, number, scale, set(Action))
            bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
            yield f"{number}.{place}" if place else f"{number}", cv2.imencode(".png", bgr)[1].tobytes()


def _shows_more(usual: Picture, other: Picture, box: Box) -> bool:
    here, there = (float(one[box.y0 : box.y1, box.x0 : box.x1].std()) for one in (usual, other))
    return there > _PLAIN + 2 * here


class _Frames:
    """The frames of an object, one at a time, as people see them."""

    def __init__(self, content: bytes) -> None:
        source = io.BytesIO(content)
        header = read_header(source)
        description = describe(header)
        assert description is not None
        self._description, self._display = description, Display.of(header)
        self._unused = UnusedBits.of(header, description)
        self._codec = codec_of(description.transfer_syntax)
        self._reader = FrameReader.open(source, header, description)
        self.count = description.frames

    def picture(self, number: int) -> Picture:
        return for_people(self._decoded(number), self._description, self._display)

    def pictures_for_text(self, number: int) -> list[Picture]:
        return for_text(self._decoded(number), self._description, self._display)

    def _decoded(self, number: int) -> Pixels:
        frame = self._reader.read(number)
        stored = frame if self._unused is None else bytes(self._unused.cleared(frame))
        return self._codec.decode(stored, self._description)


def _interesting(plan: RedactionPlan, frames: int) -> int:
    """The first frame with a box that changes it, else the middle one."""
    boxed = [box.frames[0] for box in plan.boxes if box.action is not Action.KEEP and not is_whole_frame(box)]
    return boxed[0] if boxed else frames // 2


def _to_decide(plan: RedactionPlan, frames: int, analysed: Iterable[int]) -> list[int]:
    """The frames that a person must see to decide, without doubles; the most interesting one where nothing is asked."""
    asked = [box for box in plan.boxes if box.action is Action.REVIEW]
    shown = [box.frames[0] for box in asked if not is_whole_frame(box)]
    if any(is_whole_frame(box) for box in asked):
        shown += analysed
    return list(dict.fromkeys(shown)) or [_interesting(plan, frames)]


def _scaled(picture: Picture, longest: int) -> tuple[Picture, float]:
    scale = min(1.0, longest / max(picture.shape[:2]))
    if scale == 1.0:
        return np.ascontiguousarray(picture), scale
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8), scale


def _outline(picture: Picture, plan: RedactionPlan, frame: int, scale: float, actions: set[Action]) -> None:
    for planned in plan.boxes:
        if planned.action in actions and frame in planned.frames and not is_whole_frame(planned):
            box = planned.box
            corners = [round(value * scale) for value in (box.x0, box.y0, box.x1, box.y1)]
            cv2.rectangle(picture, (corners[0], corners[1]), (corners[2], corners[3]), _COLOURS[planned.action], 1)
