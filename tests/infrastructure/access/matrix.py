"""Three tables: what each principal may do, what its own policies alone would grant, and whom the guards alone leave.

``python -m tests.infrastructure.access.matrix`` writes them anew; the difference is for a reviewer to read.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from textwrap import fill
from typing import Any

from tests.infrastructure.access.actors import everybody
from tests.infrastructure.access.estate import MODES, Estate, Kind, estate
from tests.infrastructure.access.questions import ask
from tests.infrastructure.access.simulator import Asked, Run, Simulator
from tests.infrastructure.templates import ACCOUNT

Answers = list[tuple[str, bool]]
"""Whether an action is allowed, by situation."""
DEFAULT = "object-lambda"
EVERYTHING = "wide: everything"
GOLDEN = Path(__file__).with_name("golden")
_ACCOUNT = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "*", "Resource": "*"}
    ],
}
"""A guard that leaves all to the account's identity policies."""
_ALLOW = {"Sid": "WhateverElse", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}


@dataclass(frozen=True)
class Table:
    """Verdicts of one estate, in the order in which they were asked."""

    asked: Sequence[Asked]
    allowed: Sequence[bool]

    def of(self, actor: str) -> set[tuple[str, str]]:
        """All that one actor may do: subjects and actions, in any situation."""
        return {
            (item.question.subject, item.question.action)
            for item, allowed in zip(self.asked, self.allowed, strict=True)
            if allowed and item.actor.name == actor
        }

    def who(self, subject: str, actions: Iterable[str], situation: str | None = None) -> set[str]:
        """Everybody who may do any of `actions` (wildcards) on `subject` (too), in that situation or in any."""
        wanted = tuple(actions)
        return {
            item.actor.name
            for item, allowed in zip(self.asked, self.allowed, strict=True)
            if allowed
            and fnmatchcase(item.question.subject, subject)
            and any(fnmatchcase(item.question.action, action) for action in wanted)
            and situation in (None, item.question.situation)
        }


def rights_asked(mode: str) -> list[Asked]:
    """Every actor with what it holds."""
    found = estate(mode)
    questions = [question for question in ask(found, mode) if not question.partial]
    return _differing(mode, [Asked(actor, question) for actor in everybody(found) for question in questions])


def guards_asked(mode: str) -> list[Asked]:
    """Every actor with every right, where a resource has a guard."""
    found = estate(mode)
    guarded = [
        question
        for question in ask(found, mode)
        if question.action != "sts:AssumeRole" and any(leg.guard for leg in question.legs)
    ]
    omnipotent = [
        replace(actor, holds=(EVERYTHING,)) if actor.is_authenticated else actor for actor in everybody(found)
    ]
    return _differing(mode, [Asked(actor, question) for actor in omnipotent for question in guarded])


def grants_asked(mode: str) -> list[Asked]:
    """Every actor with policies of the templates; each leg of a request is theirs to be granted."""
    found = estate(mode)
    holders = [actor for actor in everybody(found) if set(actor.holds) & set(found.policies)]
    questions = [
        replace(question, legs=tuple(replace(leg, delegated=False) for leg in question.legs))
        for question in ask(found, mode)
        if question.action != "sts:AssumeRole"
    ]
    return _differing(mode, [Asked(actor, question) for actor in holders for question in questions])


def unguarded(found: Estate) -> dict[str, Mapping[str, Any]]:
    """All resource policies, replaced by one that leaves all to the identity policies."""
    return {name: _ACCOUNT for name, policy in found.policies.items() if policy.kind is Kind.RESOURCE}


def _differing(mode: str, asked: list[Asked]) -> list[Asked]:
    """Of another access mode than the default only what a policy decides that differs there: the rest is the same."""
    if mode == DEFAULT:
        return asked
    here, there = estate(mode).policies, estate(DEFAULT).policies
    other = {name for name, policy in here.items() if there.get(name) != policy}

    def differs(item: Asked) -> bool:
        guards = {leg.guard for leg in item.question.legs}
        return bool(other & (guards | set(item.actor.holds)))

    return [item for item in asked if differs(item)]


def opened(document: Mapping[str, Any]) -> dict[str, Any]:
    """The policy with an Allow of everything for everybody: what is still denied, its own Denies deny."""
    return {**document, "Statement": [*document["Statement"], _ALLOW]}


def opened_guards(found: Estate) -> dict[str, dict[str, Any]]:
    """All resource policies, opened."""
    return {name: opened(policy.document) for name, policy in found.policies.items() if policy.kind is Kind.RESOURCE}


@cache
def rights(mode: str) -> Table:
    """What each principal may do."""
    return _table(estate(mode), rights_asked(mode), {})


@cache
def grants(mode: str) -> Table:
    """What the identity policies grant where no resource has a say."""
    return _table(estate(mode), grants_asked(mode), unguarded(estate(mode)))


@cache
def whole(mode: str) -> Table:
    """The rights of an access mode together with what it shares with the default."""
    found, table = estate(mode), rights(mode)
    known = _by_name(rights(DEFAULT)) | _by_name(table)
    questions = [question for question in ask(found, mode) if not question.partial]
    asked = [Asked(actor, question) for actor in everybody(found) for question in questions]
    return Table(asked, [known[_name(item)] for item in asked])


def _name(item: Asked) -> tuple[str, str, str, str]:
    return item.actor.name, item.question.subject, item.question.action, item.question.situation


def _by_name(table: Table) -> dict[tuple[str, str, str, str], bool]:
    return {_name(item): allowed for item, allowed in zip(table.asked, table.allowed, strict=True)}


@cache
def guards(mode: str) -> Table:
    """What the resources' own Denies leave to whom, when all else allows everything."""
    found = estate(mode)
    return _table(found, guards_asked(mode), opened_guards(found))


def _table(found: Estate, asked: list[Asked], replaced: Mapping[str, Mapping[str, Any]]) -> Table:
    (allowed,) = Simulator(found, asked).verdicts([Run(replace=replaced)])
    assert allowed is not None, "the opened policies are policies"
    return Table(asked, allowed)


def rights_text(mode: str) -> str:
    """By principal and resource the allowed actions; what is not there is denied."""
    return _by_principal(rights(mode), mode, f"What each principal may do (access: {mode})")


def grants_text(mode: str) -> str:
    """The same of the policies that a principal holds, alone."""
    return _by_principal(grants(mode), mode, f"What identity policies alone grant, without any guard (access: {mode})")


def _by_principal(table: Table, mode: str, title: str) -> str:
    lines = [
        f"# {title}. Everything else asked is denied:",
        f"# {len(table.asked):,} requests, {sum(table.allowed):,} allowed. [..]: in these situations only.",
        *_scope(mode),
    ]
    answers: dict[str, dict[str, dict[str, Answers]]] = {}
    for item, allowed in zip(table.asked, table.allowed, strict=True):
        question = item.question
        actions = answers.setdefault(item.actor.name, {}).setdefault(question.subject, {})
        actions.setdefault(question.action, []).append((question.situation, allowed))
    for actor, subjects in answers.items():
        lines += ["", f"== {actor}"]
        texts: dict[str, list[str]] = {}
        for subject, actions in subjects.items():
            if text := _allowed_actions(actions):
                texts.setdefault(text, []).append(subject)
        for text, alike in texts.items():
            lines += [_wrapped(", ".join(alike), 3), _wrapped(text, 8)]
        if not texts and mode == DEFAULT:
            lines.append("   nothing")
        elif not texts:
            del lines[-2:]
    return "\n".join(lines) + "\n"


def _allowed_actions(actions: Mapping[str, Answers]) -> str:
    """The actions on one subject, those of the same situations together; empty when there is none."""
    groups: dict[str, list[str]] = {}
    for action, answers in actions.items():
        if any(allowed for _, allowed in answers):
            groups.setdefault(_situations(answers), []).append(_bare(action))
    total = sum(map(len, groups.values()))
    if len(groups) == 1 and "" in groups and len(actions) > 3 and total == len(actions):
        return f"all {total} actions"
    return "; ".join(f"{situations}{' '.join(names)}" for situations, names in groups.items())


def _situations(answers: Answers) -> str:
    if all(allowed for _, allowed in answers):
        return ""
    return "[" + ", ".join(situation or "plain" for situation, allowed in answers if allowed) + "] "


def guards_text(mode: str) -> str:
    """By resource the actions and, for each, who passes its guard."""
    table = guards(mode)
    actors = list(dict.fromkeys(item.actor.name for item in table.asked))
    passing: dict[str, dict[str, dict[str, list[str]]]] = {}
    for item, allowed in zip(table.asked, table.allowed, strict=True):
        question = item.question
        actions = passing.setdefault(question.subject, {})
        who = actions.setdefault(_bare(question.action), {}).setdefault(question.situation, [])
        if allowed:
            who.append(item.actor.name)
    lines = [
        f"# Who passes the guards when all else allows everything (access: {mode}): {len(table.asked):,} requests.",
        *_scope(mode),
        f"# everybody: all {len(actors)} principals of the table of rights, anonymous and other accounts included.",
    ]
    alike: dict[tuple[str, ...], list[str]] = {}
    for subject, actions in passing.items():
        alike.setdefault(tuple(_guarded_actions(actions, actors)), []).append(subject)
    for body, subjects in alike.items():
        lines += ["", _wrapped(f"== {', '.join(subjects)}", 0), *body]
    return "\n".join(lines) + "\n"


def _guarded_actions(actions: Mapping[str, Mapping[str, list[str]]], actors: Sequence[str]) -> list[str]:
    groups: dict[tuple[str, ...], list[str]] = {}
    for action, situations in actions.items():
        by_who: dict[tuple[str, ...], list[str]] = {}
        for situation, who in situations.items():
            by_who.setdefault(tuple(who), []).append(situation or "plain")
        for passing, found in by_who.items():
            label = action if len(by_who) == 1 else f"{action} [{', '.join(found)}]"
            groups.setdefault(passing, []).append(label)
    lines = []
    for passers, labels in sorted(groups.items(), key=lambda group: len(group[0])):
        rest = len(passers) == len(actors) and len(labels) > 1
        lines += [
            _wrapped("everything else" if rest else " ".join(labels), 3),
            _wrapped(f"-> {_who(passers, actors)}", 6),
        ]
    return lines


def _who(names: Sequence[str], actors: Sequence[str]) -> str:
    if not names:
        return "nobody"
    others = [name for name in actors if name not in names]
    if not others:
        return "everybody"
    return f"everybody but {'; '.join(others)}" if len(others) < len(names) // 2 else "; ".join(names)


def _scope(mode: str) -> list[str]:
    return [] if mode == DEFAULT else [f"# Asked: only where a policy differs from access: {DEFAULT}."]


def _bare(action: str) -> str:
    return action.partition(":")[2]


def _wrapped(text: str, indent: int) -> str:
    first, rest = " " * indent, " " * (indent + 3)
    return fill(text, 118, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False)


def main() -> int:
    """Write the golden files."""
    GOLDEN.mkdir(exist_ok=True)
    for mode in MODES:
        (GOLDEN / f"rights-{mode}.txt").write_text(rights_text(mode))
        (GOLDEN / f"grants-{mode}.txt").write_text(grants_text(mode))
        (GOLDEN / f"guards-{mode}.txt").write_text(guards_text(mode))
    return 0


if __name__ == "__main__":
    sys.exit(main())
