"""What a second OCR, tesseract, reads in an object: it shares nothing with the engines that looked for text before."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

import cv2

from dicom_deid.part10.reader import read_header
from dicom_deid.pixels.codecs.registry import codec_of
from dicom_deid.pixels.description import describe
from dicom_deid.pixels.display import Display
from dicom_deid.pixels.frames import FrameReader
from dicom_deid.pixels.rendering import Picture, for_people

_ENLARGED: Final = 3
"""Tesseract reads letters of 20 to 40 pixels best; overlays have 8 to 20."""


def pictures(content: bytes, frames: int = 3) -> list[Picture]:
    """The first, middle and last frame as people see them; none where there are no pixels."""
    source = io.BytesIO(content)
    header = read_header(source)
    description = describe(header)
    if description is None:
        return []
    reader = FrameReader.open(source, header, description)
    codec = codec_of(description.transfer_syntax)
    chosen = sorted({number * (description.frames - 1) // max(frames - 1, 1) for number in range(frames)})
    display = Display.of(header)
    return [for_people(codec.decode(reader.read(number), description), description, display) for number in chosen]


def read(content: bytes) -> str:
    """Everything that tesseract reads in the object, as it stands and turned to both sides."""
    tesseract = shutil.which("tesseract")
    assert tesseract, "tesseract-ocr is not installed"
    text = []
    with tempfile.TemporaryDirectory() as folder:
        image = str(Path(folder) / "frame.png")
        for picture in pictures(content):
            large = cv2.resize(picture, None, fx=_ENLARGED, fy=_ENLARGED, interpolation=cv2.INTER_CUBIC)
            for turned in (large, cv2.rotate(large, cv2.ROTATE_90_CLOCKWISE), cv2.rotate(large, cv2.ROTATE_180)):
                cv2.imwrite(image, turned)
                command = [tesseract, image, "-", "--psm", "11"]
                text.append(subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout)
    return "\n".join(text)
