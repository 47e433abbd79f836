"""The proof can fail: policies that are looser than they should be are seen.

`python -m bench policy_mutation` judges every mutant; here a sample drawn by a fixed seed.
"""

from __future__ import annotations

import random

from tests.infrastructure.access.mutation.survivors import survivors
from tests.infrastructure.access.mutation.verdict import Verdict, cases, judge

SAMPLE = 60


def test_a_sample_of_loosened_statements_is_caught() -> None:
    sample = random.Random(20261).sample(cases(), SAMPLE)
    verdicts = judge(sample)
    counted = [case for case in sample if verdicts[case] is not Verdict.INVALID]
    survived = {case.name for case in counted if verdicts[case] is Verdict.SURVIVED}
    assert len(survived) <= 0.1 * len(counted)
    assert survived <= set(survivors())


def test_every_survivor_is_a_mutant_that_exists_and_has_a_reason() -> None:
    known = {case.name for case in cases()}
    assert set(survivors()) <= known
    assert all(len(reason.split()) >= 3 for reason in survivors().values())


def test_at_most_a_tenth_of_all_mutants_survives() -> None:
    assert len(survivors()) <= 0.1 * len(cases())
