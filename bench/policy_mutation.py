"""Loosen every statement of every policy in turn: how many mutants do the tables and the rules of statements see?

Prints the figures, and the survivors that ``survivors.txt`` does not explain; fails when there is one, or when fewer
than nine of ten are caught. A mutant that is no policy counts neither way.
"""

from __future__ import annotations

import sys
import time
from collections import Counter

from tests.infrastructure.access.mutation.survivors import survivors
from tests.infrastructure.access.mutation.verdict import Verdict, cases, judge


def main() -> int:
    """Judge all, by tables alone and by tables and rules."""
    began = time.monotonic()
    by_tables = judge(cases(), rules=False)
    left = [case for case, verdict in by_tables.items() if verdict is not Verdict.BY_TABLE]
    verdicts = by_tables | judge(left)
    counts = Counter(verdicts.values())
    counted = len(verdicts) - counts[Verdict.INVALID]
    caught = counts[Verdict.BY_TABLE] + counts[Verdict.BY_RULE]
    print(f"mutants                {counted:6}   ({counts[Verdict.INVALID]} more were no policy)")
    print(f"seen by the tables     {counts[Verdict.BY_TABLE]:6}   {counts[Verdict.BY_TABLE] / counted:.1%}")
    print(f"by a rule only         {counts[Verdict.BY_RULE]:6}   {counts[Verdict.BY_RULE] / counted:.1%}")
    print(f"caught                 {caught:6}   {caught / counted:.1%}")
    print(f"survived               {counts[Verdict.SURVIVED]:6}   {counts[Verdict.SURVIVED] / counted:.1%}")
    print(f"seconds                {time.monotonic() - began:6.0f}")
    survived = {case.name for case, verdict in verdicts.items() if verdict is Verdict.SURVIVED}
    for name in sorted(survived - set(survivors())):
        print(f"unexplained: {name}")
    for name in sorted(set(survivors()) - survived):
        print(f"explained, but caught: {name}")
    return int(survived != set(survivors()) or caught < 0.9 * counted)


if __name__ == "__main__":
    sys.exit(main())
