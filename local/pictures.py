"""Pictures for people: a frame before or after, with the outlines of its boxes."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Final

import cv2
import numpy as np

from dicom_deid.part10.reader import read_header
from dicom_deid.phi.findings import Action
from dicom_deid.phi.planning import is_whole_frame
from dicom_deid.pixels.codecs.registry import codec_of
from dicom_deid.pixels.description import describe
from dicom_deid.pixels.display import Display
from dicom_deid.pixels.frames import FrameReader
from dicom_deid.pixels.plan import RedactionPlan
from dicom_deid.pixels.rendering import Picture, for_people

_THUMBNAIL: Final = 360
_COLOURS: Final = {Action.REDACT: (232, 93, 58), Action.REVIEW: (240, 180, 41), Action.KEEP: (70, 160, 120)}


def after_picture(content: bytes, plan: RedactionPlan) -> bytes:
    """A JPEG thumbnail of the released object's most interesting frame, its boxes outlined."""
    frames = _Frames(content)
    number = _interesting(plan, frames.count)
    picture, scale = _scaled(frames.picture(number), _THUMBNAIL)
    _outline(picture, plan, number, scale, {Action.REDACT, Action.REVIEW})
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()


def before_pictures(content: bytes, plan: RedactionPlan, analysed: Iterable[int]) -> Iterator[tuple[int, bytes]]:
    """Frames of the source (0-based) as PNG at full size, each with the boxes that lie on it: for the custodian alone.

    Each box under review is seen on its first frame. Where a person is asked to look at everything, the frames that
    text detection was shown follow, which stand for all.
    """
    frames = _Frames(content)
    for number in _to_decide(plan, frames.count, analysed):
        picture, scale = _scaled(frames.picture(number), 1600)
        _outline(picture, plan, number, scale, set(Action))
        yield number, cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1].tobytes()


class _Frames:
    """The frames of an object, one at a time, as people see them."""

    def __init__(self, content: bytes) -> None:
        source = io.BytesIO(content)
        header = read_header(source)
        description = describe(header)
        assert description is not None
        self._description, self._display = description, Display.of(header)
        self._codec = codec_of(description.transfer_syntax)
        self._reader = FrameReader.open(source, header, description)
        self.count = description.frames

    def picture(self, number: int) -> Picture:
        pixels = self._codec.decode(self._reader.read(number), self._description)
        return for_people(pixels, self._description, self._display)


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
