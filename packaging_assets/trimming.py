"""What a Lambda never uses is left out: of botocore most services, of imagecodecs most codecs, tests, docs, stubs."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

from packaging_assets.packages import SOURCES

_OF_THE_TRACER = frozenset(["xray"])
"""The X-Ray SDK makes this client as it is imported."""
_UNUSED = (
    "**/__pycache__",
    "**/tests",
    "**/test",
    "**/*.pyi",
    "**/*.c",
    "**/*.dist-info/RECORD",
    "**/*.dist-info/INSTALLER",
    "**/*.dist-info/REQUESTED",
    "bin",
    "*-stubs",
    # Resources and examples: the functions use clients only.
    "boto3/data",
    "boto3/examples",
    "botocore/data/*/*/examples-1.json*",
    # Web routes: no function has any.
    "aws_lambda_powertools/event_handler/openapi/swagger_ui",
    # Example files, a dictionary of codes for making structured reports, and a tool for file-sets.
    "pydicom/data/test_files",
    "pydicom/data/charset_files",
    "pydicom/data/palettes",
    "pydicom/sr",
    "pydicom/benchmarks",
    # Tests and headers for compilers.
    "bitarray/test_*",
    "bitarray/*.h",
    # Version 1 of pydantic, and its plugins for type checkers.
    "pydantic/v1",
    "pydantic/mypy.py",
)
"""Globs inside an asset. `bench/assets.py` imports every handler and codes every syntax without them."""


def trim(folder: Path) -> None:
    """Leave out what is not used."""
    _cut_services(folder)
    _cut_codecs(folder)
    for pattern in _UNUSED:
        for found in list(folder.glob(pattern)):
            if found.is_dir():
                shutil.rmtree(found)
            else:
                found.unlink()


def _cut_services(folder: Path) -> None:
    """Of botocore's service models only those that a client is made of."""
    used = {*_calls(folder / "services" / "clients.py", "boto3", "client"), *_OF_THE_TRACER}
    for model in (folder / "botocore" / "data").iterdir():
        if model.is_dir() and model.name not in used:
            shutil.rmtree(model)


def _calls(path: Path, module: str, function: str) -> Iterator[str]:
    """The first argument of every call ``module.function("…")``."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == f"{module}.{function}":
            yield str(ast.literal_eval(node.args[0]))


def codecs_in_use(folder: Path) -> set[str]:
    """The functions of imagecodecs that the sources of an asset name."""
    paths = [path for source in SOURCES for path in (folder / source).rglob("*.py")]
    return {
        node.attr
        for path in paths
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "imagecodecs"
    }


def extension_modules(folder: Path, functions: set[str]) -> set[str]:
    """The extension modules with these functions, by imagecodecs' own table.

    Raises
    ------
    ValueError
        When a function is in no module: the sources ask for what this release does not have.
    """
    table: dict[str, list[str]] = {}
    for node in ast.parse((folder / "imagecodecs" / "imagecodecs.py").read_text()).body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "_MODULES" and node.value:
            table = ast.literal_eval(node.value)
    found = {
        function: module
        for module, names in table.items()
        for function in functions
        # The table has a function by its name, or its whole family by the codec's: PACKBITS for packbits_decode.
        if module and (function in names or function.rpartition("_")[0].upper() in names)
    }
    if not found or functions - set(found):
        raise ValueError(f"imagecodecs has no {', '.join(sorted(functions - set(found))) or 'table of modules'}")
    return set(found.values())


def _cut_codecs(folder: Path) -> None:
    """Of imagecodecs the modules in use, and the shared libraries that these name in turn."""
    modules, libraries = folder / "imagecodecs", folder / "imagecodecs.libs"
    if not modules.is_dir():
        return
    used = extension_modules(folder, codecs_in_use(folder))
    kept: list[Path] = []
    for module in modules.glob("*.so"):
        name = module.name.partition(".")[0]
        # What the modules have in common: `_shared`, and since 2026.10 `_shared_cython`.
        if name in used or name.startswith("_shared"):
            kept.append(module)
        else:
            module.unlink()
    waiting, needed = list(kept), set[Path]()
    while waiting:
        content = waiting.pop().read_bytes()
        found = {library for library in libraries.iterdir() if library.name.encode() in content} - needed
        needed |= found
        waiting += found
    for library in set(libraries.iterdir()) - needed:
        library.unlink()
