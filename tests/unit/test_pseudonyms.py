from __future__ import annotations

import hashlib
import hmac
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicom_deid.errors import ConfigurationError
from dicom_deid.pseudonyms import KEY_VARIABLE, Pseudonymiser, derive, load_key, new_key, write_key

KEY = bytes(range(32))
TEXTS = st.text(min_size=1, max_size=40)


def of(domain: str = "trial", key: bytes = KEY) -> Pseudonymiser:
    return Pseudonymiser(key, domain)


def test_derivation_is_hkdf_of_rfc_5869() -> None:
    extracted = hmac.new(bytes(32), KEY, hashlib.sha256).digest()
    expected = hmac.new(extracted, b"dicom-deid/1/uid/trial\x01", hashlib.sha256).digest()
    assert derive(KEY, "uid", "trial") == expected


@given(TEXTS)
def test_a_uid_becomes_a_uuid_of_version_8(uid: str) -> None:
    pseudonym = of().uid(uid)
    value = uuid.UUID(int=int(pseudonym.removeprefix("2.25.")))
    assert (value.version, value.variant) == (8, uuid.RFC_4122)
    assert len(pseudonym) <= 64


@given(TEXTS)
def test_pseudonyms_are_the_same_every_time(text: str) -> None:
    assert of().uid(text) == of().uid(text)
    assert of().identifier(text) == of().identifier(text)
    assert of().shift_days(text) == of().shift_days(text)


@given(TEXTS)
def test_domains_and_keys_share_nothing(text: str) -> None:
    others = [of("another"), of(key=bytes(32))]
    assert of().uid(text) not in {other.uid(text) for other in others}
    assert of().identifier(text) not in {other.identifier(text) for other in others}


def test_domains_shift_dates_independently() -> None:
    subjects = [f"subject {number}" for number in range(400)]
    same = sum(of().shift_days(subject) == of("another").shift_days(subject) for subject in subjects)
    assert same < 5


@given(TEXTS, st.integers(1, 16))
def test_an_identifier_fits_a_short_string(text: str, length: int) -> None:
    identifier = of().identifier(text, length=length)
    assert len(identifier) == length
    assert identifier.isascii()
    assert identifier.isalnum()


def test_kinds_of_identifiers_are_told_apart() -> None:
    assert of().identifier("1", "patient") != of().identifier("1", "accession")


@given(TEXTS, st.integers(-5000, 5000), st.integers(0, 5000))
def test_a_shift_is_in_its_range_and_never_zero(subject: str, low: int, width: int) -> None:
    if (low, width) == (0, 0):
        return
    shift = of().shift_days(subject, low, low + width)
    assert low <= shift <= low + width
    assert shift != 0


@pytest.mark.parametrize(("low", "high"), [(0, 0), (5, 4)])
def test_an_empty_range_is_refused(low: int, high: int) -> None:
    with pytest.raises(ConfigurationError):
        of().shift_days("subject", low, high)


def test_another_process_agrees() -> None:
    code = "from dicom_deid.pseudonyms import Pseudonymiser as P; p=P(bytes(range(32)),'trial'); print(p.uid('1.2.3'))"
    lambdas = Path(__file__).parents[2] / "lambdas"
    answer = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(lambdas)}, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == of().uid("1.2.3")


def test_instances_are_told_apart_by_every_part_of_their_place() -> None:
    places = [("a", "bc", "1"), ("ab", "c", "1"), ("a", "bc", "2"), ("a", "b", "c1")]
    assert len({of().instance_id(*place) for place in places}) == len(places)


def test_a_key_is_written_once_and_read_back(tmp_path: Path) -> None:
    path, key = tmp_path / "key", new_key()
    write_key(path, key)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_key(path, {}) == key
    with pytest.raises(FileExistsError):
        write_key(path, new_key())


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_key(path, KEY)
    path.chmod(0o640)
    with pytest.raises(ConfigurationError, match="0600"):
        load_key(path, {})


@pytest.mark.parametrize("text", ["", "00", "zz" * 32, "00" * 31, "00" * 33])
def test_a_key_of_another_form_is_refused_without_telling_it(text: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        load_key(None, {KEY_VARIABLE: text})
    assert not text or text not in str(error.value)


def test_the_environment_may_hold_the_key() -> None:
    assert load_key(None, {KEY_VARIABLE: KEY.hex() + "\n"}) == KEY
    assert load_key(None, {}) is None


def test_the_fingerprint_tells_keys_apart_and_nothing_of_them() -> None:
    assert of().fingerprint == of("another").fingerprint != of(key=bytes(32)).fingerprint
    assert len(of().fingerprint) == 8


def test_a_domain_needs_a_name() -> None:
    with pytest.raises(ConfigurationError):
        of("")


@pytest.mark.parametrize(("low", "high"), [(-2, 2), (0, 2), (-2, 0), (0, 1), (-1, 0)])
def test_every_day_of_a_range_is_reached_but_zero(low: int, high: int) -> None:
    assert {of().shift_days(str(n), low, high) for n in range(200)} == set(range(low, high + 1)) - {0}
