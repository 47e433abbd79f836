"""The pictures that a person decides by, made of what text detection saw."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from dicom_deid.geometry import Box, Placement
from dicom_deid.phi.findings import Action
from dicom_deid.phi.planning import is_whole_frame
from dicom_deid.pixels.plan import PlannedBox, RedactionPlan
from dicom_deid.records import ImageRecord, SourceRecord
from local.review.evidence import why
from local.review.waiting import Doubt, Shown, Waiting

Pixels = NDArray[np.uint8]
ReadImage = Callable[[ImageRecord], bytes]

_LONGEST: Final = 1100
"""Pixels of a picture's longer side on the page."""
_AROUND: Final = 24
"""Frame pixels around a box in its close-up."""
_CLOSE_UP: Final = (120, 520)
"""Height that a close-up is enlarged to, and width that it never exceeds, in pixels."""
_COLOURS: Final = {Action.REDACT: (58, 93, 232), Action.REVIEW: (0, 190, 255), Action.KEEP: (120, 160, 70)}
"""BGR, as `local.pictures` shows them."""


def waiting(instance_ref: str, source: SourceRecord, plan: RedactionPlan, read: ReadImage) -> Waiting:
    """Gather an instance from its work area.

    Every image that text detection saw of a frame in doubt is shown, boxes and all: a word may stand out in one and
    drown in another.
    """
    asked = [(index, box) for index, box in enumerate(plan.boxes) if box.action is Action.REVIEW]
    pictures: list[Shown] = []
    close_ups: dict[int, list[str]] = {index: [] for index, _ in asked}
    for image in source.images:
        here = [(index, box) for index, box in asked if _shows(image, box)]
        if not here:
            continue
        pixels = cv2.imdecode(np.frombuffer(read(image), np.uint8), cv2.IMREAD_COLOR)
        if pixels is None:
            continue
        content = np.asarray(pixels, np.uint8)
        for index, box in here:
            if not is_whole_frame(box):
                close_ups[index].append(_data_url(_close_up(content, image.placement, box.box)))
        drawn = _drawn(content, image, plan)
        pictures.append(Shown(_data_url(drawn), image.frames[0] + 1, len(image.frames)))
    doubts = tuple(
        Doubt(
            index,
            why(box.evidence),
            box.score,
            len(box.frames),
            is_whole_frame(box),
            tuple(dict.fromkeys(close_ups[index])),
        )
        for index, box in asked
    )
    redacted = plan.count(Action.REDACT)
    return Waiting(instance_ref, plan.sha256, source.modality, source.frames, redacted, doubts, tuple(pictures))


def _shows(image: ImageRecord, planned: PlannedBox) -> bool:
    return bool(set(image.frames) & set(planned.frames)) and _on_image(image.placement, planned.box, image) is not None


def _on_image(placement: Placement, box: Box, image: ImageRecord) -> Box | None:
    return _placed(placement, box).clipped(image.width, image.height)


def _placed(placement: Placement, box: Box) -> Box:
    """A box of the frame in image pixels: the inverse of `Placement.to_frame`."""
    left, top = (box.x0 - placement.offset_x) * placement.scale, (box.y0 - placement.offset_y) * placement.scale
    right, bottom = (box.x1 - placement.offset_x) * placement.scale, (box.y1 - placement.offset_y) * placement.scale
    x0, y0, x1, y1 = (round(value + placement.padding) for value in (left, top, right, bottom))
    return Box(x0, y0, max(x1, x0 + 1), max(y1, y0 + 1))


def _close_up(pixels: Pixels, placement: Placement, box: Box) -> Pixels:
    rows, columns = pixels.shape[:2]
    around = _placed(placement, box.grown(_AROUND, _AROUND)).clipped(columns, rows)
    assert around is not None
    part = np.ascontiguousarray(pixels[around.y0 : around.y1, around.x0 : around.x1])
    inner = _placed(placement, box)
    height, width = _CLOSE_UP
    scale = max(1.0, min(height / part.shape[0], width / part.shape[1]))
    enlarged = np.asarray(cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8)
    corners = [
        ((inner.x0 - around.x0) * scale, (inner.y0 - around.y0) * scale),
        ((inner.x1 - around.x0) * scale, (inner.y1 - around.y0) * scale),
    ]
    first, second = ((round(x), round(y)) for x, y in corners)
    cv2.rectangle(enlarged, first, second, _COLOURS[Action.REVIEW], 1)
    return enlarged


def _drawn(pixels: Pixels, image: ImageRecord, plan: RedactionPlan) -> Pixels:
    scale = min(1.0, _LONGEST / max(pixels.shape[:2]))
    picture = np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    for index, planned in enumerate(plan.boxes):
        if is_whole_frame(planned) or not set(planned.frames) & set(image.frames):
            continue
        box = _on_image(image.placement, planned.box, image)
        if box is None:
            continue
        x0, y0, x1, y1 = (round(value * scale) for value in (box.x0, box.y0, box.x1, box.y1))
        colour, is_asked = _COLOURS[planned.action], planned.action is Action.REVIEW
        cv2.rectangle(picture, (x0, y0), (x1, y1), colour, 2 if is_asked else 1)
        if is_asked:
            _number(picture, str(index), x0, y0, colour)
    return picture


def _number(picture: Pixels, text: str, x: int, y: int, colour: tuple[int, int, int]) -> None:
    """The box's number on a ground of its own, left of the box, or inside it at the edge of the picture."""
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.5, 1)
    left = max(x - width - 6, 0)
    cv2.rectangle(picture, (left, y), (left + width + 6, y + height + 6), colour, -1)
    cv2.putText(picture, text, (left + 3, y + height + 3), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)


def _data_url(picture: Pixels) -> str:
    content = cv2.imencode(".png", picture)[1].tobytes()
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"
