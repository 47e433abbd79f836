"""The data files are what the generator makes of pydicom's dictionaries and the reviewed lists."""

from __future__ import annotations

import pytest

from tests.synthetic import terms


@pytest.fixture(scope="module")
def vocabulary() -> dict[str, str]:
    """Word to mark."""
    content = (terms.DATA / "vocabulary.txt").read_text(encoding="ascii").split()
    return {line.rstrip("~?,"): line[-1] if line[-1] in "~?," else "" for line in content}


@pytest.mark.slow
def test_the_vocabulary_and_the_codes_are_those_of_the_generator() -> None:
    assert (terms.DATA / "vocabulary.txt").read_text(encoding="ascii").splitlines() == terms.vocabulary_lines()
    assert (terms.DATA / "codes.tsv").read_text(encoding="ascii").splitlines() == terms.code_lines()


@pytest.mark.slow
def test_a_word_that_is_a_name_needs_company_or_was_reviewed(vocabulary: dict[str, str]) -> None:
    brought_back = terms.reviewed("protocols") | terms.reviewed("abbreviations") | terms.reviewed("structures")
    names = terms.person_names()
    assert len(names) > 30_000
    assert [word for word, mark in vocabulary.items() if not mark and word in names - brought_back] == []


def test_no_denied_word_is_in_the_vocabulary(vocabulary: dict[str, str]) -> None:
    assert sorted(terms.reviewed("denied") & vocabulary.keys()) == []


def test_every_reviewed_list_is_lower_case_and_has_no_word_twice() -> None:
    for path in terms.REVIEWED.glob("*.txt"):
        words = path.read_text(encoding="ascii").split()
        assert words == sorted(set(words)), path.name
        assert [word for word in words if word != word.lower()] == []
