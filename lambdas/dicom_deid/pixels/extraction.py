"""From a DICOM stream to the images that text detection is asked about: every frame is examined."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from dicom_deid.errors import Reason
from dicom_deid.geometry import Box, Placement
from dicom_deid.part10.elements import Header
from dicom_deid.part10.reader import read_header
from dicom_deid.pixels import rendering
from dicom_deid.pixels.barcodes import barcodes
from dicom_deid.pixels.codecs.registry import codec_of
from dicom_deid.pixels.description import DEFAULT_PIXEL_LIMITS, PixelLimits, describe
from dicom_deid.pixels.display import Display
from dicom_deid.pixels.economy import AnalysedFrame, EconomyReport, analysed_frames
from dicom_deid.pixels.frames import FrameReader
from dicom_deid.pixels.images import OcrImage, PixelAnalysis, PixelDescription, Route
from dicom_deid.pixels.rendering import Picture
from dicom_deid.pixels.routes import route_of
from dicom_deid.pixels.text_regions import text_regions
from dicom_deid.pixels.unused_bits import UnusedBits


@dataclass(frozen=True)
class Extraction:
    """What was decided of an instance, and its images, made one at a time while they are asked for.

    `economy` is complete once `images` is exhausted. `reason` is set on route ``quarantine``.
    """

    route: Route
    reason: Reason | None = None
    description: PixelDescription | None = None
    must_review: Reason | None = None
    never_boxed: bool = False
    frames: int = 0
    images: Iterator[OcrImage] = field(default_factory=lambda: iter(()))
    economy: EconomyReport = field(default_factory=EconomyReport)


def extract(
    source: BinaryIO, *, analysis: PixelAnalysis = PixelAnalysis.ALL, limits: PixelLimits = DEFAULT_PIXEL_LIMITS
) -> Extraction:
    """Route an instance and render the frames that differ in their text.

    Raises
    ------
    BadInputError
        With the reason, also while `images` is read.
    """
    header = read_header(source)
    description = describe(header, limits)
    routing = route_of(header, description, analysis)
    if description is None or routing.route is not Route.PIXELS:
        frames = description.frames if description else 0
        return Extraction(routing.route, routing.reason, description, frames=frames)
    economy = EconomyReport()
    return Extraction(
        routing.route,
        None,
        description,
        routing.must_review,
        routing.never_boxed,
        description.frames,
        _images(source, header, description, limits, economy),
        economy,
    )


def _images(
    source: BinaryIO, header: Header, description: PixelDescription, limits: PixelLimits, economy: EconomyReport
) -> Iterator[OcrImage]:
    reader = FrameReader.open(source, header, description, limits)
    codec = codec_of(description.transfer_syntax)
    display, unused = Display.of(header), UnusedBits.of(header, description)

    def views(frame: bytes) -> list[Picture]:
        # Bits that are not of the image would spread its range, and are gone from what is released.
        stored = frame if unused is None else bytes(unused.cleared(frame))
        return rendering.for_text(codec.decode(stored, description), description, display)

    for group in analysed_frames(description.frames, reader.read, views, economy):
        # The frame is decoded once more: pictures of all analysed frames together would not fit in memory.
        for number, view in enumerate(views(reader.read(group.number))):
            shows_more = number == 0 or rendering.is_coloured(description, display)
            yield from _tiles(view, group, with_regions=shows_more)


def _tiles(picture: Picture, group: AnalysedFrame, *, with_regions: bool) -> Iterator[OcrImage]:
    codes = barcodes(picture)
    regions = text_regions(picture) if with_regions else ()
    for part, placement in rendering.tiles(picture):
        height, width = part.shape[:2]
        yield OcrImage(
            frames=tuple(group.frames),
            placement=placement,
            width=width,
            height=height,
            content=rendering.encoded(part),
            regions=_within(regions, placement, width, height),
            barcodes=_within(codes, placement, width, height),
        )


def _within(boxes: tuple[Box, ...], placement: Placement, width: int, height: int) -> tuple[Box, ...]:
    """The boxes whose middle the tile shows."""
    area = placement.to_frame((0, 0, width, height))
    return tuple(
        box
        for box in boxes
        if area.x0 <= (box.x0 + box.x1) // 2 < area.x1 and area.y0 <= (box.y0 + box.y1) // 2 < area.y1
    )
