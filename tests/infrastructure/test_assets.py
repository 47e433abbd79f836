"""Assets: the same files give the same bytes, what is in use is kept, and nothing stale or unbuilt is deployed."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from app import synthesize
from bench.assets import images, interpreter, trial
from packaging_assets import archive
from packaging_assets.packages import PACKAGES, Machine, Package
from packaging_assets.trimming import codecs_in_use, extension_modules, trim
from services import clients
from stacks.functions import SOURCES, asset_of
from stacks.settings import PREFIX
from tests.infrastructure.templates import ACCOUNT, ROOT, STACKS, UNSTAGED

_PIN = re.compile(r"^([a-z0-9._-]+)==(\S+)(?: ;.*)? \\$", re.MULTILINE)


def fill(folder: Path, names: list[str], when: int) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode() * 100)
        os.utime(path, (when, when))
    return folder


def test_the_archive_depends_on_names_and_contents_alone(tmp_path: Path) -> None:
    names = ["b/module.py", "a/library.so.1", "b/_native.so", "a.txt"]
    first = archive.write(fill(tmp_path / "one", names, 1_000_000_000), tmp_path / "one.zip")
    second = archive.write(fill(tmp_path / "two", names[::-1], 1_700_000_000), tmp_path / "two.zip")
    assert first == second
    (tmp_path / "two" / "a.txt").write_text("other")
    assert archive.write(tmp_path / "two", tmp_path / "two.zip") != first


def unpacked(folder: Path) -> Path:
    """An asset of the sources with the parts of the installed libraries that trimming reads."""
    for source in ("dicom_deid", "services", "handlers"):
        shutil.copytree(SOURCES / source, folder / source, ignore=shutil.ignore_patterns("__pycache__"))
    spec = find_spec("imagecodecs")
    assert spec is not None
    assert spec.origin is not None
    (folder / "imagecodecs").mkdir()
    shutil.copy(Path(spec.origin).with_name("imagecodecs.py"), folder / "imagecodecs")
    for module in ("_shared", "_shared_cython", "_jpegls", "_jpegxl"):
        (folder / "imagecodecs" / f"{module}.abi3.so").write_bytes(b"libcharls-1.so" if module == "_jpegls" else b"")
    (folder / "imagecodecs.libs").mkdir()
    for library, needs in (("libcharls-1.so", b"libdeep-2.so"), ("libdeep-2.so", b""), ("libjxl-3.so", b"")):
        (folder / "imagecodecs.libs" / library).write_bytes(needs)
    for service in ("s3", "xray", "ec2"):
        (folder / "botocore" / "data" / service).mkdir(parents=True)
    return folder


def test_the_codecs_kept_are_those_that_the_sources_name(tmp_path: Path) -> None:
    folder = unpacked(tmp_path)
    functions = codecs_in_use(folder)
    assert {"jpegls_encode", "jpeg2k_decode", "packbits_encode"} <= functions
    assert {"_imcd", "_jpeg8", "_jpegls", "_jpeg2k"} <= extension_modules(folder, functions)
    with pytest.raises(ValueError, match="jpeg9_decode"):
        extension_modules(folder, {*functions, "jpeg9_decode"})


def test_trimming_leaves_what_is_used_and_what_that_stands_on(tmp_path: Path) -> None:
    folder = unpacked(tmp_path)
    (folder / "numpy" / "tests").mkdir(parents=True)
    trim(folder)
    assert {path.name.partition(".")[0] for path in (folder / "imagecodecs").glob("*.so")} == {
        "_shared",
        "_shared_cython",
        "_jpegls",
    }
    assert {path.name for path in (folder / "imagecodecs.libs").iterdir()} == {"libcharls-1.so", "libdeep-2.so"}
    assert {path.name for path in (folder / "botocore" / "data").iterdir()} == {"s3", "xray"}
    assert not (folder / "numpy" / "tests").exists()


def test_the_lambdas_get_versions_that_the_tests_ran_with() -> None:
    tested = set(_PIN.findall((ROOT / "requirements-dev.lock").read_text()))
    for package in PACKAGES:
        text = package.lock.read_text()
        pins = _PIN.findall(text)
        assert len(pins) > 10
        assert text.count("--hash=sha256:") >= len(pins)
        assert "://" not in text
        assert set(pins) <= tested, package.name


def synthesized_assets(folder: Path) -> dict[str, str]:
    """Per stack with functions: where their code is, and "refused" where the deployment is."""
    synthesize(str(folder), {f"{PREFIX}account": ACCOUNT, **UNSTAGED})
    found = {}
    for name in STACKS:
        files = json.loads((folder / f"{name}.assets.json").read_text())["files"].values()
        code = [file["source"]["path"] for file in files if not file["source"]["path"].endswith(".template.json")]
        if code:
            template = json.loads((folder / f"{name}.template.json").read_text())
            refused = "BuiltAssets" in template.get("Rules", {})
            found[name] = "refused" if refused else ",".join(sorted(Path(path).suffix for path in code))
    return found


@pytest.mark.parametrize("stale", [True, False])
def test_a_deployment_without_a_build_of_these_sources_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stale: bool
) -> None:
    """The templates synthesize all the same: neither build nor network is needed for them."""
    monkeypatch.setattr("packaging_assets.packages.ROOT", tmp_path)
    monkeypatch.setattr(Package, "fingerprint", lambda self: "now")
    (tmp_path / "build").mkdir()
    for package in PACKAGES:
        package.archive.write_bytes(b"PK")
        package.stamp.write_text("before" if stale else "now")
    asset_of.cache_clear()
    try:
        found = synthesized_assets(tmp_path / "out")
    finally:
        asset_of.cache_clear()
    assert (
        found == dict.fromkeys(("Pipeline", "Access"), "refused")
        if stale
        else {"Pipeline": ".zip,.zip", "Access": ".zip"}
    )


@pytest.mark.slow
@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_every_handler_and_syntax_works_from_the_asset_alone(package: Package, tmp_path: Path) -> None:
    """Needs ``python -m packaging_assets --try``, which needs the package index; `bench.assets` does both."""
    if platform.machine() != Machine.X86_64 or interpreter() is None or not package.folder(Machine.X86_64).is_dir():
        pytest.skip("no x86_64 twin of the asset was built, or no Python 3.13")
    asked = images(tmp_path)
    found = trial(package, tmp_path)
    assert found["clients"] == sum(hasattr(maker, "cache_info") for maker in vars(clients).values()) > 0
    if package.name == "pixels":
        assert len(found["syntaxes"]) == asked  # type: ignore[arg-type]
