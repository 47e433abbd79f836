"""The tables that pydicom generates from PS3.6, without the package around them.

``import pydicom`` takes several times as long as these tables and the whole header library: it brings decoders, a
network client and examples along, none of which a header needs.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.util import find_spec, module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Final

DictionaryEntry = tuple[str, str, str, str, str]
"""VR, value multiplicity, name, whether retired, keyword."""


def _generated(name: str) -> ModuleType:
    """A module of tables of pydicom: the one that is imported already, or its file by itself.

    Raises
    ------
    ModuleNotFoundError
        Where pydicom is not installed, or has no such file any more.
    """
    imported = sys.modules.get(f"pydicom.{name}")
    if imported is not None:
        return imported
    package = find_spec("pydicom")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("pydicom is not installed")
    loader = SourceFileLoader(f"{__package__}.{name}", str(Path(package.origin).with_name(f"{name}.py")))
    spec = spec_from_loader(loader.name, loader)
    if spec is None:
        raise ModuleNotFoundError(f"pydicom has no {name}")
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


_dictionaries: Final = _generated("_dicom_dict")
DICTIONARY: Final[Mapping[int, DictionaryEntry]] = _dictionaries.DicomDictionary
"""Table 6-1 and those beside it: tag -> entry."""
REPEATERS: Final[Mapping[str, DictionaryEntry]] = _dictionaries.RepeatersDictionary
"""The same for repeating groups and elements: eight hexadecimal digits with ``x`` for any -> entry."""
UIDS: Final[Mapping[str, tuple[str, str, str, str, str]]] = _generated("_uid_dict").UID_dictionary
"""Table A-1: UID -> name, type, information, whether retired, keyword."""


@cache
def private_creators() -> Mapping[str, object]:
    """The private creators that somebody described, by name."""
    creators: Mapping[str, object] = _generated("_private_dict").private_dictionaries
    return creators
