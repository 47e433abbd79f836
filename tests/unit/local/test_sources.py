from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from dicom_deid.errors import BadInputError, ConfigurationError, Reason, ServiceUnavailableError
from local import sources
from local.sources import source_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "in"
    (root / "b").mkdir(parents=True)
    (root / "b" / "2.dcm").write_bytes(b"two")
    (root / "1.dcm").write_bytes(b"one")
    (root / ".hidden").write_bytes(b"hidden")
    (root / "link.dcm").symlink_to(root / "1.dcm")
    return root


def zipped(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("folder")
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_a_folder_gives_every_file_in_order_and_follows_no_link(folder: Path, tmp_path: Path) -> None:
    os.mkfifo(folder / "b" / "pipe")
    found = source_files(folder, tmp_path / "out")
    assert [(file.key, file.read()) for file in found.files] == [
        (".hidden", b"hidden"),
        ("1.dcm", b"one"),
        ("b/2.dcm", b"two"),
    ]
    assert found.passed_over == 2


def test_what_a_run_wrote_into_its_own_source_is_no_source(folder: Path) -> None:
    output = folder / "results"
    (output / "released").mkdir(parents=True)
    (output / "released" / "3.dcm").write_bytes(b"three")
    assert not [file for file in source_files(folder, output).files if "released" in file.key]


def test_a_zip_gives_its_members_and_no_folder(tmp_path: Path) -> None:
    path = zipped(tmp_path / "study.zip", b=b"two", a=b"one")
    assert [(file.key, file.read()) for file in source_files(path, tmp_path / "out").files] == [
        ("a", b"one"),
        ("b", b"two"),
    ]


def test_a_single_file_is_named_by_its_name(folder: Path, tmp_path: Path) -> None:
    (found,) = source_files(folder / "1.dcm", tmp_path / "out").files
    assert (found.key, found.read()) == ("1.dcm", b"one")


def test_a_damaged_member_is_refused_alone(tmp_path: Path) -> None:
    path = zipped(tmp_path / "study.zip", a=b"x" * 1000, b=b"whole")
    content = bytearray(path.read_bytes())
    at = content.index(b"a", content.index(b"folder/") + 7) + 1
    content[at : at + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    first, second = source_files(path, tmp_path / "out").files
    with pytest.raises(BadInputError) as refused:
        first.read()
    assert refused.value.reason is Reason.PARSE_ERROR
    assert second.read() == b"whole"


def test_an_encrypted_zip_is_refused_by_what_it_is(tmp_path: Path) -> None:
    path = zipped(tmp_path / "study.zip", a=b"one")
    content = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.rindex(signature)
        content[at + flags] |= 1
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="encrypted"):
        source_files(path, tmp_path / "out")


def test_a_file_larger_than_the_machine_takes_is_refused_unread(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MAX_BYTES", 2)
    with pytest.raises(BadInputError) as refused:
        source_files(folder, tmp_path / "out").files[0].read()
    assert refused.value.reason is Reason.TOO_LARGE


def test_a_missing_source_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        source_files(tmp_path / "nowhere", tmp_path / "out")


def test_a_name_that_is_not_utf8_is_a_key_that_can_be_stored(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    Path(os.fsdecode(os.fsencode(tmp_path / "in") + b"/M\xfcller.dcm")).write_bytes(b"one")
    (tmp_path / "in" / "M\\xfcller.dcm").write_bytes(b"two")
    found = source_files(tmp_path / "in", tmp_path / "out").files
    assert {file.key: file.read() for file in found} == {"M\\xfcller.dcm": b"two", "M\\xfcller.dcm (2)": b"one"}


def test_a_zip_that_holds_a_name_twice_gives_both(tmp_path: Path) -> None:
    path = zipped(tmp_path / "study.zip", a=b"one")
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("a", b"two")
    found = source_files(path, tmp_path / "out").files
    assert [(file.key, file.read()) for file in found] == [("a", b"one"), ("a (2)", b"two")]


def test_what_the_file_system_does_not_give_stands_among_the_files(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir, path_open = os.scandir, Path.open

    def listed(path: Path) -> object:
        if path.name == "b":
            raise PermissionError
        return scandir(path)

    def opened(path: Path, mode: str = "r") -> object:
        if path.name == "1.dcm":
            raise TimeoutError
        return path_open(path, mode)

    monkeypatch.setattr(os, "scandir", listed)
    monkeypatch.setattr(Path, "open", opened)
    found = source_files(folder, tmp_path / "out").files
    assert [file.key for file in found] == [".hidden", "1.dcm", "b/"]
    for file in found[1:]:
        with pytest.raises(ServiceUnavailableError):
            file.read()
