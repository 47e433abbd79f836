"""Side markers with the initials of who took the image, and the codes of operators."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from dicom_deid.phi.terms import EDGES, SIDES

_JOINED_MARKER: Final = re.compile(r"(?:LEFT|RIGHT)[A-Z]{2,3}")


def is_code(text: str) -> bool:
    """Two or three capitals that are no side: an operator's code, even where they are a unit too (``KV``)."""
    core = text.strip(EDGES)
    return len(core) in (2, 3) and core.isalpha() and core.isupper() and core.lower() not in SIDES


def is_side_marker(line: Sequence[str]) -> bool:
    """Whether a line is a side and the initials of who took the image, as on a marker of lead: no patient's field."""
    cores = [word.strip(EDGES) for word in line]
    sides = [core.lower() in SIDES for core in cores]
    joined = len(cores) == 1 and _JOINED_MARKER.fullmatch(cores[0]) is not None
    return joined or (len(cores) == 2 and any(sides) and any(is_code(core) for core in cores))
