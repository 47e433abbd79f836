"""Damage frames and fragment sequences at random for a while: each ends in a result or a typed error, soon.

Seconds to spend may be given: ``python -m bench.pixels_fuzz 600``. A round is named by its number, which is its seed.
"""

from __future__ import annotations

import io
import random
import sys
import time
from collections import Counter

from dicom_deid.errors import DeidError
from dicom_deid.geometry import Box
from dicom_deid.part10.elements import PixelElement
from dicom_deid.part10.encapsulation import group_frames, index_fragments, read_frame
from dicom_deid.pixels.codecs.registry import codec_of
from dicom_deid.pixels.redaction import redact
from tests.synthetic.exactness import decoded
from tests.synthetic.pixel_objects import Case, cases, make

SECONDS = 60.0
LONGEST = 2.0
BOX = Box(10, 5, 60, 40)


def _damaged(content: bytes, chance: random.Random, start: int = 0) -> bytes:
    broken = bytearray(content)
    for _ in range(chance.randrange(1, 8)):
        at = chance.randrange(start, len(broken))
        kind = chance.randrange(4)
        if kind == 0:
            broken[at] = chance.choice([0, 1, 0x7F, 0x80, 0xFE, 0xFF, chance.randrange(256)])
        elif kind == 1:
            broken[at] ^= 1 << chance.randrange(8)
        elif kind == 2:
            broken[at:at] = chance.randbytes(chance.randrange(1, 9))
        else:
            del broken[at : at + chance.randrange(1, 9)]
        if len(broken) <= start + 1:
            break
    return bytes(broken[: chance.randrange(start, len(broken) + 1)] if chance.random() < 0.2 else broken)


def _frame(case: Case, frame: bytes, shown: object, chance: random.Random) -> None:
    fill = (0, 128, 128)[: case.samples]
    codec_of(case.syntax).black_out(_damaged(frame, chance), [BOX], fill, shown)  # type: ignore[arg-type]


def _object(content: bytes, chance: random.Random) -> None:
    redact(io.BytesIO(_damaged(content, chance, 132)), io.BytesIO(), {0: [BOX]})


def _fragments(chance: random.Random) -> None:
    items = b"".join(
        chance.choice([b"\xfe\xff\x00\xe0", b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0", chance.randbytes(4)])
        + chance.choice([chance.randrange(0, 40, 2), chance.randrange(2**32)]).to_bytes(4, "little")
        + chance.randbytes(chance.randrange(0, 40))
        for _ in range(chance.randrange(12))
    )
    body = io.BytesIO(items)
    index = index_fragments(body, PixelElement(0x7FE00010, "OB", 0, None))
    for group in group_frames(index, chance.randrange(1, 5), []):
        read_frame(body, group)


def main(seconds: float) -> int:
    """Print what the rounds ended in; 1 when one ended in anything else, or took long."""
    subjects = []
    for case in cases():
        content = make(case)
        found = decoded(content)
        assert found is not None
        subjects.append((case, content, found.encoded[0], found.description))
    outcomes: Counter[str] = Counter()
    wrong, number, begun = 0, 0, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        chance = random.Random(number)
        case, content, frame, shown = chance.choice(subjects)
        started = time.perf_counter()
        kind = chance.choice(["frame", "frame", "object", "fragments"])
        try:
            if kind == "frame":
                _frame(case, frame, shown, chance)
            elif kind == "object":
                _object(content, chance)
            else:
                _fragments(chance)
            outcomes[f"{kind}: done"] += 1
        except DeidError as error:
            outcomes[f"{kind}: {error.reason.value}"] += 1
        except Exception as error:
            wrong += 1
            print(f"round {number}, {kind} of {case.name}: {type(error).__name__} {error}")
        taken = time.perf_counter() - started
        if taken > LONGEST:
            wrong += 1
            print(f"round {number}, {kind} of {case.name}: {taken:.1f} s")
        number += 1
    print(f"{number} rounds in {seconds:.0f} s, {wrong} wrong")
    for outcome, count in sorted(outcomes.items()):
        print(f"    {outcome}: {count}")
    return int(wrong > 0)


if __name__ == "__main__":
    raise SystemExit(main(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS))
