"""Throw damaged and hostile objects at the parser and the rewriter: ``python -m tests.fuzz.header --seconds 60``.

Each input is a real file of pydicom or an object with a marker in every place, damaged by a seeded generator. It must
end in an output that is read again, or in an error with a reason; the error tells no value, the process stays within
its memory, and no input takes longer than `SECONDS` of processor time. A failure names the seed, which repeats it.
"""

from __future__ import annotations

import argparse
import io
import logging
import resource
import struct
import sys
import time
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from random import Random

import pydicom

from dicom_deid.errors import DeidError
from dicom_deid.header.presets import profile_named
from dicom_deid.header.stream import redact
from dicom_deid.part10.limits import Limits
from dicom_deid.part10.reader import read_header
from dicom_deid.pseudonyms import Pseudonymiser
from tests.synthetic import hiding_places, leaks
from tests.synthetic.leaks import Item, Planter

LIMITS = Limits(header_bytes=8 << 20, depth=32, elements=100_000, inflated_bytes=32 << 20)
SECONDS = 20.0
"""Processor time of one input under `LIMITS`, generously: a machine under load must not fail it."""
_MEMORY = 1 << 30
_LONGEST_MESSAGE = 160
_LARGEST = 300_000
_LENGTHS = (0, 1, 2, 7, 8, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
_HEADS = (
    b"\xfe\xff\x00\xe0\xff\xff\xff\xff",
    b"\xfe\xff\x0d\xe0\0\0\0\0",
    b"\xfe\xff\xdd\xe0\0\0\0\0",
    b"\x08\x00\x15\x92SQ\0\0\xff\xff\xff\xff",
    b"\x08\x00\x15\x92UN\0\0\xff\xff\xff\xff",
    b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff",
)
_VRS = [vr.encode() for vr in ("SQ", "UN", "OB", "OW", "UT", "LO", "US", "DS", "IS", "UI", "DA", "ZZ", "\0\0")]


@cache
def corpus() -> Sequence[bytes]:
    """Small real files, and objects that nobody wrote: every hiding place, every syntax, nesting, bombs."""
    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    real = [path.read_bytes() for path in sorted(folder.glob("*.dcm")) if path.stat().st_size < _LARGEST]
    made = [build(Planter()) for build in hiding_places.PLACES.values()]
    for syntax in (leaks.IMPLICIT, leaks.EXPLICIT, leaks.BIG, leaks.DEFLATED):
        planter = Planter()
        items = [*hiding_places.base(planter), *leaks.odd_corners(planter), *leaks.private_blocks(planter)]
        made.append(leaks.native(planter, items, syntax))
    return [*real, *made, _nested(40), _nested(40, disguise=True), _bomb(), _cyclic_offsets(), _wide()]


def damaged(seed: int) -> bytes:
    """One input; the seed alone says which."""
    random = Random(seed)
    content = bytearray(random.choice(corpus()))
    for _ in range(random.randint(1, 6)):
        random.choice(_DAMAGES)(content, random)
    return bytes(content)


def outcome(content: bytes, profile: str) -> str:
    """The reason for which an input is refused, or ``written``.

    Raises
    ------
    AssertionError
        When an output is not read again, or an error tells more than rules and tags.
    """
    target = io.BytesIO()
    try:
        redact(io.BytesIO(content), target, profile_named(profile), Pseudonymiser(bytes(32), "fuzz"), limits=LIMITS)
    except DeidError as error:
        if len(str(error)) > _LONGEST_MESSAGE or "QXJ" in str(error):
            raise AssertionError("an error tells more than rules and tags") from None
        return error.reason.value
    read_header(io.BytesIO(target.getvalue()))
    return "written"


def _place(content: bytearray, random: Random) -> int:
    return random.randrange(max(1, len(content)))


def _truncate(content: bytearray, random: Random) -> None:
    del content[_place(content, random) :]


def _flip(content: bytearray, random: Random) -> None:
    for _ in range(random.randint(1, 8)):
        if content:
            content[_place(content, random)] ^= 1 << random.randrange(8)


def _lie(content: bytearray, random: Random) -> None:
    """A length, count or offset that is none."""
    place = _place(content, random)
    content[place : place + 4] = struct.pack("<L", random.choice(_LENGTHS))


def _retype(content: bytearray, random: Random) -> None:
    """Another VR in the place of a VR."""
    found = [place for place in range(132, min(len(content), 4000)) if content[place : place + 2] in _VRS]
    if found:
        place = random.choice(found)
        content[place : place + 2] = random.choice(_VRS)


def _insert(content: bytearray, random: Random) -> None:
    place = _place(content, random)
    content[place:place] = random.choice(_HEADS) * random.choice((1, 1, 3, 200))


def _repeat(content: bytearray, random: Random) -> None:
    start = _place(content, random)
    piece = content[start : start + random.randrange(1, 2000)]
    content[start:start] = piece * random.choice((1, 2, 20))
    del content[4 * _LARGEST :]


def _swap(content: bytearray, random: Random) -> None:
    first, second = sorted((_place(content, random), _place(content, random)))
    content[:] = content[:first] + content[second:] + content[first:second]


_DAMAGES: Sequence[Callable[[bytearray, Random], None]] = (
    _truncate,
    _flip,
    _lie,
    _lie,
    _retype,
    _insert,
    _repeat,
    _swap,
)


def _nested(depth: int, *, disguise: bool = False) -> bytes:
    planter = Planter()
    item = Item(0x00081030, "LO", planter.text("deep"))
    for _ in range(depth):
        item = Item(0x00089215, "SQ", [[item]], disguise)
    return hiding_places.written(planter, item)


def _bomb() -> bytes:
    """A deflated data set of 48 MB of zeros."""
    planter = Planter()
    content = leaks.encode(leaks.in_order(hiding_places.base(planter)))
    huge = struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OW", 0, 48 << 20) + bytes(48 << 20)
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return leaks.file_meta(planter, leaks.DEFLATED) + deflater.compress(content + huge) + deflater.flush()


def _cyclic_offsets() -> bytes:
    """A basic offset table that points back, and more frames than fragments."""
    planter = Planter()
    items = [*hiding_places.base(planter), Item(0x00280008, "IS", b"3")]
    source = leaks.encapsulated(planter, items, "1.2.840.10008.1.2.4.50", b"\xff\xd8\xff\xd9")
    empty = struct.pack("<HHL", 0xFFFE, 0xE000, 0)
    head, _, rest = source.rpartition(empty)
    return head + struct.pack("<HHLLLL", 0xFFFE, 0xE000, 12, 0, 0, 0xFFFFFFF8) + rest


def _wide() -> bytes:
    """Twenty thousand items, and a text of as many words that need company."""
    planter = Planter()
    items = [[Item(0x00080100, "SH", b"1")] for _ in range(20_000)]
    text = Item(0x0040A160, "UT", b"add chin " * 20_000)
    return hiding_places.written(planter, Item(0x00089215, "SQ", items), text)


def run(seeds: range, until: float = float("inf")) -> Counter[str]:
    """The outcomes of those seeds, as many as there is time for.

    Raises
    ------
    AssertionError
        With the seed, at the first input that fails.
    """
    found: Counter[str] = Counter()
    for seed in seeds:
        if time.monotonic() > until:
            break
        start = time.process_time()
        try:
            found[outcome(damaged(seed), ("basic", "research")[seed % 2])] += 1
        except Exception as problem:
            raise AssertionError(f"seed {seed}: {type(problem).__name__}") from problem
        taken = time.process_time() - start
        if taken > SECONDS:
            raise AssertionError(f"seed {seed}: {taken:.1f} s of processor time")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    found = run(range(given.seed, given.seed + given.inputs), time.monotonic() + given.seconds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"{sum(found.values())} inputs, peak {peak:.0f} MB: {dict(found.most_common())}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
