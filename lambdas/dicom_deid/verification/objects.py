"""An object as pydicom sees it: read here and not by the code that wrote it."""

from __future__ import annotations

import io
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import pydicom
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.uid import UID, ExplicitVRLittleEndian

_DELIMITER = b"\xfe\xff\xdd\xe0\0\0\0\0"
"""Sequence delimitation item of the fragments (PS3.5 A.4); encapsulated syntaxes are little endian."""
_UNDEFINED = 0xFFFFFFFF


@dataclass(frozen=True)
class ParsedObject:
    """The header of an object, and its encoded frames one at a time."""

    dataset: Dataset
    stream: BinaryIO
    pixel_offset: int
    transfer_syntax: UID
    words: bool = False
    """Whether the pixel data is of VR OW: big endian then swaps the bytes of every word, also of 8-bit pixels."""
    pixel_length: int | None = None
    """Bytes of native pixel data; None where it is encapsulated, or there is none."""
    has_pixels: bool = True

    @property
    def frames(self) -> int:
        """Number of Frames; 1 where it is absent."""
        return int(self.dataset.get("NumberOfFrames") or 1)

    @property
    def ends_with_pixels(self) -> bool:
        """Whether nothing follows the pixel data: a native value ends the stream, or the delimiter of the fragments."""
        end = self.stream.seek(0, 2)
        if not self.has_pixels:
            return True
        if self.pixel_length is not None:
            return self.pixel_offset + self.pixel_length == end
        self.stream.seek(max(end - len(_DELIMITER), 0))
        return self.stream.read() == _DELIMITER

    @property
    def frame_bits(self) -> int:
        """Bits of a native frame (PS3.5 8.1.1, 8.2)."""
        dataset = self.dataset
        samples = 2 if dataset.PhotometricInterpretation.endswith("_422") else int(dataset.SamplesPerPixel)
        return int(dataset.Rows) * int(dataset.Columns) * samples * int(dataset.BitsAllocated)

    def encoded_frames(self) -> Iterator[bytes]:
        """The frames as encoded; native 1-bit frames, which follow each other without a gap, from their first bit."""
        if self.transfer_syntax.is_encapsulated:
            self.stream.seek(self.pixel_offset)
            yield from generate_frames(self.stream, number_of_frames=self.frames)
            return
        size = self.frame_bits
        for number in range(self.frames):
            first, last = number * size, (number + 1) * size
            self.stream.seek(self.pixel_offset + first // 8)
            content = self.stream.read((last + 7) // 8 - first // 8)
            if size % 8:
                bits = int.from_bytes(content, "little") >> first % 8 & (1 << size) - 1
                content = bits.to_bytes((size + 7) // 8, "little")
            yield content


def open_object(stream: BinaryIO) -> ParsedObject:
    """Parse the header and find the pixel data.

    Raises
    ------
    Exception
        Whatever pydicom raises; the caller calls that a failed check.
    """
    stream.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(stream, stop_before_pixels=True, force=True)
    meta = getattr(dataset, "file_meta", None)
    syntax = UID(str(meta.get("TransferSyntaxUID", "1.2.840.10008.1.2")) if meta is not None else "1.2.840.10008.1.2")
    if syntax.is_deflated:
        return _open_deflated(stream)
    offset = stream.tell()
    head = stream.read(12)
    if len(head) < 8:
        return ParsedObject(dataset, stream, offset, syntax, has_pixels=False)
    long_form = not syntax.is_implicit_VR and head[4:6] in (b"OB", b"OW", b"UN", b"OF", b"OD")
    where, size = (8, 12) if long_form else (4, 8) if syntax.is_implicit_VR else (6, 8)
    length = int.from_bytes(head[where:size], "little" if syntax.is_little_endian else "big")
    return ParsedObject(
        dataset,
        stream,
        offset + size,
        syntax,
        words=head[4:6] == b"OW",
        pixel_length=None if length == _UNDEFINED else length,
    )


def _open_deflated(stream: BinaryIO) -> ParsedObject:
    """Inflate the data set and read it as an explicit little endian one."""
    stream.seek(0)
    content = stream.read()
    start = 132 if content[128:132] == b"DICM" else 0
    length = int.from_bytes(content[start + 8 : start + 12], "little")
    body = zlib.decompressobj(-zlib.MAX_WBITS).decompress(content[start + 12 + length :])
    meta = content[:start] + content[start : start + 12 + length].replace(
        b"1.2.840.10008.1.2.1.99", b"1.2.840.10008.1.2.1\0\0\0"
    )
    plain = open_object(io.BytesIO(meta + body))
    return replace(plain, transfer_syntax=ExplicitVRLittleEndian)


def walk(dataset: Dataset) -> Iterator[Any]:
    """Every data element at any depth, decoded: an element that cannot be decoded raises here."""
    for element in dataset:
        yield element
        if element.VR == "SQ":
            for item in element.value:
                yield from walk(item)
