"""Persons' names by a list, and by the company that words keep."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.session import get_session
from botocore.validate import ParamValidator

from local.detectors.persons import find_persons
from local.detectors.phi_text import LocalPhiDetector


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("SMITH^JOHN", ["SMITH", "JOHN"]),
        ("Nguyen, Anh", ["Nguyen", "Anh"]),
        ("Kowalski M", ["Kowalski", "M"]),
        ("J. Chen", ["J", "Chen"]),
        ("O'Brien Siobhan", ["O'Brien", "Siobhan"]),
        ("Long, Peter", ["Long", "Peter"]),
        ("Papadopoulos", ["Papadopoulos"]),
        ("LEFT KIDNEY LONG", []),
        ("Park view", []),
        ("Base Hospital", []),
        ("HEAD FIRST SUPINE", []),
        ("W 400 L 40", []),
        ("ANTERO-POSTERIOR", []),
        ("Laser Cross-hairs", []),
        ("Skip Beats: 718", []),
    ],
)
def test_names_initials_and_words_beside_names(line: str, names: list[str]) -> None:
    assert [line[span.begin : span.end] for span in find_persons(line)] == names
    assert all(span.score >= 0.8 for span in find_persons(line))


def test_a_given_name_that_is_a_word_is_doubtful_alone_and_a_name_beside_one() -> None:
    assert [span.score < 0.8 for span in find_persons("GRACE")] == [True]
    assert [span.score >= 0.8 for span in find_persons("Grace Kowalski")] == [True, True]


def test_answers_have_the_shape_of_comprehend_medical() -> None:
    text = "Kowalski^Helena\nDOB 12/03/1956 LIVER\nKarrawirra Base Hospital"
    answer = LocalPhiDetector().detect_phi(text)
    shape: Any = get_session().get_service_model("comprehendmedical").operation_model("DetectPHI").output_shape
    assert not ParamValidator().validate(answer, shape).has_errors()
    for entity in answer["Entities"]:
        assert text[entity["BeginOffset"] : entity["EndOffset"]] == entity["Text"]
    assert {"NAME", "DATE"} <= {entity["Type"] for entity in answer["Entities"]}
    assert not any("LIVER" in entity["Text"] for entity in answer["Entities"])


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Ventricle Anderson view", []),
        ("Ventricle Anderson X 55", []),
        ("Anderson Wibblish view", ["Anderson"]),
        ("Anderson 55", ["Anderson"]),
        ("604 Anderson view", ["Anderson"]),
        ("Peak Blood Velocity", []),
        ("Vena cava filter", []),
        ("VENA GRAFT", ["VENA", "GRAFT"]),
        ("Coronary artery graft Kowalski Helena", ["Kowalski", "Helena"]),
        ("Graft Kowalski Helena", ["Graft", "Kowalski", "Helena"]),
    ],
)
def test_a_lone_name_among_terms_and_words_is_a_word(line: str, names: list[str]) -> None:
    assert [line[span.begin : span.end] for span in find_persons(line)] == names
