"""Pixels that change outside boxes: none, for every transfer syntax and for every real file that can be decoded.

Source and output are decoded by the same decoder and compared in their stored bits. JPEG may differ in the touched MCUs
and the ring that chroma upsampling reaches.
"""

from __future__ import annotations

import time
import warnings
from collections import Counter

from dicom_deid.errors import DeidError
from tests.synthetic.exactness import Comparison, compared, real_files
from tests.synthetic.pixel_objects import cases, make


def _measured(content: bytes) -> Comparison | str:
    try:
        found = compared(content)
    except DeidError as error:
        return f"refused: {error.reason.value}"
    return found if found is not None else "no pixel data"


def main() -> int:
    """Print a line per transfer syntax; 1 when a pixel changed that must not."""
    warnings.simplefilter("ignore")
    wrong = 0
    for title, contents in (
        ("generated", [(case.name, make(case)) for case in cases()]),
        ("pydicom and pydicom-data", [(path.name, path.read_bytes()) for path in real_files()]),
    ):
        begun = time.perf_counter()
        outcomes: Counter[str] = Counter()
        by_syntax: dict[str, list[Comparison]] = {}
        for name, content in contents:
            found = _measured(content)
            if isinstance(found, str):
                outcomes[found] += 1
                continue
            by_syntax.setdefault(found.syntax, []).append(found)
            if not found.exact:
                wrong += 1
                print(f"    {name}: {found}")
        print(f"{title}: {sum(map(len, by_syntax.values()))} redacted in {time.perf_counter() - begun:.1f} s")
        for syntax, results in sorted(by_syntax.items()):
            pixels, outside = sum(r.compared for r in results), sum(r.changed_outside for r in results)
            print(f"    {syntax:28} {len(results):3} objects, {outside} of {pixels} pixels outside changed")
        for outcome, count in outcomes.most_common():
            print(f"    {outcome}: {count}")
    return int(wrong > 0)


if __name__ == "__main__":
    raise SystemExit(main())
