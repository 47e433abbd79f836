"""Keys of outputs say nothing of a patient."""

from __future__ import annotations

import pytest

from dicom_deid.errors import BadInputError
from dicom_deid.header.report import HeaderReport
from handlers.output_keys import object_key

GOOD = ("2.25.1", "2.25.22", "2.25.333")


def report(*uids: str) -> HeaderReport:
    study, series, instance = uids
    return HeaderReport(study, series, instance, "1.2.840.10008.1.2.1", "0" * 64, 1)


def test_a_key_is_made_of_the_three_pseudonyms() -> None:
    assert object_key(report(*GOOD)) == "2.25.1/2.25.22/2.25.333.dcm"


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("uid", ["1.2.840.113619.2.55", "2.25.", "2.25.1.2", "2.25.SMITH", "2.251", ""])
def test_what_is_no_pseudonym_makes_no_key(uid: str, place: int) -> None:
    parts = [*GOOD[:place], uid, *GOOD[place + 1 :]]
    with pytest.raises(BadInputError, match="verify-evidence"):
        object_key(report(*parts))
