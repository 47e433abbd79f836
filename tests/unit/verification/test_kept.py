"""What a profile keeps on purpose is no leak, and no more than that."""

from __future__ import annotations

import pytest

from dicom_deid.header.profiles import Option
from dicom_deid.phi.identity import IdentityKind
from dicom_deid.verification.kept import kept_kinds

KEPT = {
    Option.RETAIN_UIDS: {IdentityKind.UID},
    Option.RETAIN_DEVICE_IDENTITY: {IdentityKind.DEVICE},
    Option.RETAIN_INSTITUTION_IDENTITY: {IdentityKind.INSTITUTION, IdentityKind.ADDRESS},
}


@pytest.mark.parametrize("option", list(Option))
def test_each_option_keeps_its_own_kinds(option: Option) -> None:
    assert kept_kinds(["113100", option]) == KEPT.get(option, set())


def test_no_choice_of_options_keeps_a_person_or_what_numbers_one() -> None:
    allowed = {IdentityKind.UID, IdentityKind.DEVICE, IdentityKind.INSTITUTION, IdentityKind.ADDRESS}
    assert kept_kinds(list(Option)) == allowed
    assert kept_kinds([]) == set()
