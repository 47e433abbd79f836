"""A file of decisions is believed only as far as it says exactly what was shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dicom_deid.errors import ConfigurationError
from dicom_deid.records import Outcome
from local.review.decisions import read_answers, refuse_unknown_boxes
from local.review.waiting import Doubt, Waiting

ANSWER = {"instance_ref": "a" * 32, "plan_sha256": "b" * 64, "outcome": "approve", "boxes": []}


def written(path: Path, *decisions: dict[str, Any], schema: str = "dicom-deid/decisions/1") -> Path:
    path.write_text(json.dumps({"schema": schema, "decisions": decisions}))
    return path


def test_an_empty_choice_is_a_choice_and_none_means_every_box(tmp_path: Path) -> None:
    (answer,) = read_answers(written(tmp_path / "d.json", ANSWER))
    assert (answer.outcome, answer.boxes, answer.by("r").boxes) == (Outcome.APPROVE, (), ())
    (answer,) = read_answers(written(tmp_path / "d.json", {**ANSWER, "boxes": None}))
    assert answer.boxes is None


@pytest.mark.parametrize(
    ("decisions", "schema"),
    [
        ([ANSWER], "dicom-deid/decisions/2"),
        ([{**ANSWER, "outcome": "perhaps"}], "dicom-deid/decisions/1"),
        ([{**ANSWER, "instance_ref": "../state"}], "dicom-deid/decisions/1"),
        ([ANSWER, ANSWER], "dicom-deid/decisions/1"),
    ],
)
def test_any_other_file_is_refused(tmp_path: Path, decisions: list[dict[str, Any]], schema: str) -> None:
    with pytest.raises(ConfigurationError, match="decisions file"):
        read_answers(written(tmp_path / "d.json", *decisions, schema=schema))


def test_a_box_that_is_not_in_doubt_cannot_be_chosen() -> None:
    one = Waiting("a" * 32, "b" * 64, "CR", 1, 0, (Doubt(1, "", 0.5, 1, False), Doubt(3, "", 0.0, 1, True)), ())
    refuse_unknown_boxes(one, (1,))
    refuse_unknown_boxes(one, None)
    for wrong in (0, 2, 3):
        with pytest.raises(ConfigurationError):
            refuse_unknown_boxes(one, (wrong,))
