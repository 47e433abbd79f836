"""Lines of acquisition settings, such as ``Effective Bin Energy: 598``, and what else is said of the image."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from dicom_deid.phi.ordinary import is_derived, is_plainly_ordinary
from dicom_deid.phi.overlay import is_clinical, is_nearly_clinical
from dicom_deid.phi.terms import EDGES, is_term, is_unit

_MEASURED: Final = re.compile(r"-?\d+[.,]\d+|-?\d+(?:[.,]\d+)?(?:mm|cm|mhz|khz|hz|db|kv|kvp|ma|mas|ms|ml|deg|%)", re.I)
_VALUE: Final = re.compile(r"\d{1,4}(?:[.,]\d{1,4})?(?:mm|cm|mhz|khz|hz|db|kv|kvp|ma|mas|ms|ml|deg|%)?", re.I)
_JOINED: Final = re.compile(r"[A-Za-z]+:\d[\d.,]*[A-Za-z]*")


def is_about_image(line: Sequence[str]) -> bool:
    """Whether a line has a clinical term or a setting with its unit or decimals."""
    return any(is_term(word) or _MEASURED.fullmatch(word.strip(EDGES)) or is_unit(word) for word in line)


def words_of_setting(line: Sequence[str]) -> Iterator[int]:
    """Indices of unknown words in the name of a setting that ends with its value (``Effective Bin Energy: 598``).

    Such a word stands after one that is known; at the beginning it must be made of a known one (``Positioner``). At
    least as many words of the name are known as are not.
    """
    last = next((index for index, word in enumerate(line) if _JOINED.fullmatch(word)), None)
    if last is not None:
        # The value joined to the last word of the name.
        name_end, _, value = line[last].partition(":")
        line = [*line[:last], f"{name_end}:", value, *line[last + 1 :]]
    cores = [word.strip(EDGES) for word in line]
    end = next((index for index, core in enumerate(cores) if core[:1].isdigit()), 0)
    name, rest = cores[:end], cores[end:]
    if (
        not name
        or not _VALUE.fullmatch(rest[0])
        or any(not is_unit(core) and not is_clinical(core) for core in rest[1:])
    ):
        return
    if not (line[end - 1].endswith(":") or "." in rest[0] or any(is_unit(core) for core in rest[1:])):
        return
    known = [is_clinical(core) or is_nearly_clinical(core) or is_plainly_ordinary(core) for core in name]
    unknown = [index for index, here in enumerate(known) if not here]
    if 2 * len(unknown) > len(name) or not any(is_term(core) for core in name):
        return
    for index in unknown:
        if len(name[index]) > 2 and name[index].isalpha() and (known[index - 1] if index else is_derived(name[index])):
            yield index
