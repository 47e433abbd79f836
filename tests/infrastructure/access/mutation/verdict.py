"""Whether the rules of statements or the tables see a mutant: one complaint, or one verdict that differs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from tests.infrastructure.access.estate import MODES, Estate, Kind, Policy, estate
from tests.infrastructure.access.matrix import DEFAULT, Table, grants, guards, opened, opened_guards, rights, unguarded
from tests.infrastructure.access.mutation.mutants import Mutant, mutants
from tests.infrastructure.access.rules import complaints
from tests.infrastructure.access.simulator import Asked, Run, Simulator

Change = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class Verdict(StrEnum):
    """What came of a mutant. One that is no policy proves nothing and counts for nothing."""

    BY_RULE = "caught by a rule of statements"
    BY_TABLE = "caught by a table"
    SURVIVED = "survived"
    INVALID = "invalid"


@dataclass(frozen=True)
class Case:
    """A mutant and the access mode in which it is judged."""

    mode: str
    mutant: Mutant

    @property
    def name(self) -> str:
        return f"{self.mode} | {self.mutant.name}"


@cache
def cases() -> tuple[Case, ...]:
    """Every mutant of the default mode, and in the others those of policies that differ there."""
    found = [Case(DEFAULT, mutant) for mutant in mutants(estate(DEFAULT))]
    there = estate(DEFAULT).policies
    for mode in MODES:
        if mode != DEFAULT:
            here = estate(mode).policies
            other = Estate({name: policy for name, policy in here.items() if there.get(name) != policy})
            found += [Case(mode, mutant) for mutant in mutants(other)]
    return tuple(found)


def judge(chosen: Iterable[Case], *, rules: bool = True) -> dict[Case, Verdict]:
    """The verdict on each case; without `rules` what the tables see by themselves."""
    by_mode: dict[str, list[Case]] = {}
    for case in chosen:
        by_mode.setdefault(case.mode, []).append(case)
    return {case: found for mode, some in by_mode.items() for case, found in _judge(mode, some, rules).items()}


def _judge(mode: str, some: Sequence[Case], rules: bool) -> dict[Case, Verdict]:
    found = estate(mode)
    verdicts = dict.fromkeys(some, Verdict.SURVIVED)
    if rules:
        broken = [case for case in some if complaints(found, case.mutant.policy, case.mutant.document)]
        verdicts |= dict.fromkeys(broken, Verdict.BY_RULE)
    tables: tuple[tuple[Table, set[Kind], Mapping[str, Mapping[str, Any]], Change], ...] = (
        (grants(mode), {Kind.IDENTITY}, unguarded(found), _as_it_is),
        (rights(mode), set(Kind), {}, _as_it_is),
        (guards(mode), {Kind.RESOURCE}, opened_guards(found), opened),
    )
    for table, kinds, replaced, change in tables:
        left = [
            case
            for case in some
            if verdicts[case] is Verdict.SURVIVED and found.policies[case.mutant.policy].kind in kinds
        ]
        others = {name: Policy(Kind.RESOURCE, document) for name, document in replaced.items()}
        verdicts |= _differences(Estate({**found.policies, **others}), table, left, change)
    return verdicts


def _as_it_is(document: Mapping[str, Any]) -> Mapping[str, Any]:
    return document


def _differences(found: Estate, table: Table, some: Sequence[Case], change: Change) -> dict[Case, Verdict]:
    by_policy = _by_policy(table.asked)
    runs = [
        Run(_concerned(by_policy, case.mutant), {case.mutant.policy: change(case.mutant.document)}) for case in some
    ]
    answers = Simulator(found, table.asked).verdicts(runs) if runs else []
    verdicts = {}
    for case, run, answer in zip(some, runs, answers, strict=True):
        assert run.requests is not None
        before = [table.allowed[index] for index in run.requests]
        if answer is None:
            verdicts[case] = Verdict.INVALID
        else:
            verdicts[case] = Verdict.SURVIVED if answer == before else Verdict.BY_TABLE
    return verdicts


def _concerned(by_policy: Mapping[str, Mapping[str, Sequence[int]]], mutant: Mutant) -> list[int]:
    """The requests on which the statement has a say, before or after."""
    patterns = [f"(?:{action.replace('*', '.*').replace('?', '.')})$" for action in mutant.actions]
    pattern = re.compile("|".join(patterns), re.IGNORECASE)
    by_action = by_policy.get(mutant.policy, {})
    return sorted(index for action, found in by_action.items() if pattern.match(action) for index in found)


def _by_policy(asked: Sequence[Asked]) -> dict[str, dict[str, list[int]]]:
    """The requests by the policies that are asked, and by action."""
    found: dict[str, dict[str, list[int]]] = {}
    for index, item in enumerate(asked):
        for policy in {*item.actor.holds, *(leg.guard for leg in item.question.legs if leg.guard)}:
            found.setdefault(policy, {}).setdefault(item.question.action, []).append(index)
    return found
