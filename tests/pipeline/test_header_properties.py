"""Laws of the header redaction over objects that nobody wrote by hand."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom._dicom_dict import DicomDictionary
from pydicom.data import get_testdata_file

from dicom_deid.errors import BadInputError
from dicom_deid.header.presets import profile_named
from dicom_deid.header.stream import redact
from dicom_deid.part10.elements import DataSet
from dicom_deid.part10.reader import read_header
from dicom_deid.pseudonyms import Pseudonymiser
from tests.synthetic.leaks import EXPLICIT, LONG, Item, Planter, encode, file_meta, in_order, pixel_module

KEY = bytes(range(32))
_TAGS = st.sampled_from(sorted(tag for tag in DicomDictionary if 0x0004 < tag >> 16 < 0x7FE0))
_TEXTS = frozenset({"LO", "SH", "ST", "LT", "UT", "UC", "CS", "PN", "AE", "UI", "DA", "TM", "DT"})
_VRS = st.sampled_from(sorted((LONG - {"SQ"}) | _TEXTS | {"AS", "DS", "IS", "US", "FD"}))
_VALUES = st.binary(max_size=40) | st.text(max_size=20).map(lambda text: text.encode("utf-8"))
_ELEMENTS = st.builds(
    lambda tag, vr, value: Item(tag, DicomDictionary[tag][0][:2] if vr is None else vr, value),
    _TAGS,
    st.none() | _VRS,
    _VALUES,
).filter(lambda item: item.vr not in {"SQ", "NO"})
_PRIVATE = st.builds(Item, st.integers(0x00090010, 0x000910FF), _VRS, _VALUES)
_SEQUENCES = st.builds(
    Item,
    st.sampled_from(sorted(tag for tag, entry in DicomDictionary.items() if entry[0] == "SQ" and tag >> 16 > 4)),
    st.just("SQ"),
    st.lists(st.lists(_ELEMENTS | _PRIVATE, max_size=4).map(in_order), max_size=2),
    st.booleans(),
)


def redacted(source: bytes, profile: str) -> bytes:
    target = io.BytesIO()
    redact(io.BytesIO(source), target, profile_named(profile), Pseudonymiser(KEY, "trial"))
    return target.getvalue()


@settings(max_examples=300, deadline=None)
@given(items=st.lists(_ELEMENTS | _PRIVATE | _SEQUENCES, max_size=12), profile=st.sampled_from(["basic", "research"]))
def test_any_header_gives_a_valid_one_or_a_reason(items: list[Item], profile: str) -> None:
    source = file_meta(Planter(), EXPLICIT) + encode(in_order([*items, *pixel_module()]))
    try:
        output = redacted(source, profile)
    except BadInputError:
        return
    header = read_header(io.BytesIO(output))
    _assert_ascending(header.dataset)
    assert redacted(source, profile) == output
    assert pydicom.dcmread(io.BytesIO(output)).PatientIdentityRemoved == "YES"


def _assert_ascending(dataset: DataSet) -> None:
    tags = [element.tag for element in dataset]
    assert tags == sorted(set(tags))
    for element in dataset:
        for item in element.items or []:
            _assert_ascending(item)


@settings(max_examples=60, deadline=None)
@given(secret=st.text("BCDFGHJKLMNPQRSTVWXZ", min_size=9, max_size=14), tag=_TAGS, vr=_VRS | st.none())
def test_a_secret_under_any_tag_and_vr_does_not_come_out(secret: str, tag: int, vr: str | None) -> None:
    item = Item(tag, vr or DicomDictionary[tag][0][:2], secret.encode())
    if item.vr in {"SQ", "NO"}:
        return
    source = file_meta(Planter(), EXPLICIT) + encode(in_order([item, *pixel_module()]))
    try:
        output = redacted(source, "basic")
    except BadInputError:
        return
    # Under its own VR a number is a number, and a sample a sample, whatever their bytes spell.
    itself = item.vr in DicomDictionary[tag][0] and item.vr not in _TEXTS | {"AS", "DS", "IS", "UN"}
    assert itself or secret.encode() not in output


def test_references_between_the_objects_of_a_study_resolve() -> None:
    sources = [str(get_testdata_file(name)) for name in ("rtplan.dcm", "rtdose.dcm", "rtstruct.dcm")]
    pairs = []
    for source in sources:
        before = pydicom.dcmread(source, force=True)
        after = pydicom.dcmread(io.BytesIO(redacted(Path(source).read_bytes(), "research")))
        pairs.append((before, after))
    mapped = {str(before.SOPInstanceUID): str(after.SOPInstanceUID) for before, after in pairs}
    seen = 0
    for before, after in pairs:
        for old, new in zip(_references(before), _references(after), strict=True):
            seen += 1
            assert new.startswith("2.25.")
            assert mapped.get(old, new) == new
    assert seen > 3


def _references(dataset: pydicom.Dataset) -> list[str]:
    return [str(element.value) for element in dataset.iterall() if element.tag == 0x00081155]


@pytest.mark.parametrize(
    "absent", [("numpy", "pydantic", "yaml", "cryptography", "cv2", "boto3", "imagecodecs", "bitarray")]
)
def test_the_header_needs_pydicom_alone(absent: tuple[str, ...]) -> None:
    code = (
        "import sys\n"
        f"for name in {absent!r}: sys.modules[name] = None\n"
        "import io\n"
        "from dicom_deid.header.stream import redact\n"
        "from dicom_deid.header.presets import profile_named\n"
        "from dicom_deid.pseudonyms import Pseudonymiser\n"
        "target = io.BytesIO()\n"
        "redact(open(sys.argv[1], 'rb'), target, profile_named('research'), Pseudonymiser(bytes(32), 'trial'))\n"
        "assert target.tell() > 1000\n"
    )
    lambdas = Path(__file__).parents[2] / "lambdas"
    source = str(get_testdata_file("CT_small.dcm"))
    answer = subprocess.run(
        [sys.executable, "-c", code, source],
        env={"PYTHONPATH": str(lambdas)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(secret=st.text("BCDFGHJKLMNPQRSTVWXZ", min_size=9, max_size=14), item=_ELEMENTS)
def test_no_value_reaches_a_log_or_an_error(secret: str, item: Item, caplog: pytest.LogCaptureFixture) -> None:
    caplog.clear()
    planted = Item(item.tag, item.vr, (secret + "\x1b$").encode())
    source = file_meta(Planter(), EXPLICIT) + encode(in_order([planted, *pixel_module()]))
    told = ""
    try:
        redacted(source, "research")
    except BadInputError as error:
        told = str(error)
    assert secret not in told + caplog.text
