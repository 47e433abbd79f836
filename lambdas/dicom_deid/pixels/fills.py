"""What black is, for every photometric interpretation (PS3.3 C.7.6.3.1.2), in the frame's own values."""

from __future__ import annotations

import struct

from dicom_deid.part10.elements import Header
from dicom_deid.part10.reader import find
from dicom_deid.pixels.images import PixelDescription


def fill_of(header: Header, description: PixelDescription) -> tuple[int, ...]:
    """One value per sample, as stored. Signed pixels get Pixel Padding Value, or the lowest value they can hold."""
    bits, photometric = description.bits_stored, description.photometric
    if photometric == "MONOCHROME1":
        return ((1 << bits - 1) - 1 if description.signed else (1 << bits) - 1,)
    if photometric == "MONOCHROME2":
        return (_signed_black(header, bits) if description.signed else 0,)
    if photometric == "PALETTE COLOR":
        return (_darkest_index(header),)
    if photometric in ("YBR_FULL", "YBR_FULL_422"):
        return (0, 1 << bits - 1, 1 << bits - 1)
    if photometric.startswith("YBR_PARTIAL"):
        return (16 << bits - 8, 128 << bits - 8, 128 << bits - 8)
    return (0, 0, 0)


def _signed_black(header: Header, bits: int) -> int:
    element = find(header.dataset, 0x00280120)
    lowest = -(1 << bits - 1)
    if element is None or len(element.value) != 2:
        return lowest
    value: int = struct.unpack(">h" if header.encoding.big_endian else "<h", element.value)[0]
    return value if lowest <= value < -lowest else lowest


def _darkest_index(header: Header) -> int:
    """The first index of the palette whose red, green and blue together are least (PS3.3 C.7.6.3.1.5)."""
    channels: list[list[int]] = []
    for tag in (0x00281201, 0x00281202, 0x00281203):
        element = find(header.dataset, tag)
        descriptor = find(header.dataset, tag - 0x100)
        if element is None or descriptor is None or len(descriptor.value) != 6:
            return 0
        order = ">" if header.encoding.big_endian else "<"
        count, first, depth = struct.unpack(order + "HHH", descriptor.value)
        count = count or 65536
        if depth == 8 and len(element.value) < 2 * count:
            channels.append(list(element.value[:count]))
        else:
            usable = min(count, len(element.value) // 2)
            channels.append(list(struct.unpack(f"{order}{usable}H", element.value[: 2 * usable])))
    sums = [sum(values) for values in zip(*channels, strict=False)]
    return first + sums.index(min(sums)) if sums else 0
