"""`match` statements: when a case applies, and what its pattern binds."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import libcst as cst

from bslint.analysis import arithmetic, attributes, calls, expressions
from bslint.analysis.values import Known, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from bslint.analysis.interpreter import Assumptions, Flow, Interpreter


def match_statement(it: Interpreter, node: cst.Match) -> Flow:
    """Run every case that may apply; a later one only where the earlier ones do not."""
    subject = it.evaluate(node.subject)
    branches: list[tuple[Assumptions, Callable[[], Flow]]] = []
    passed_by: Assumptions = ()
    for case in node.cases:
        test = _test(it, subject, case.pattern)
        outcome = arithmetic.truth(it, test) if test is not None else None
        if outcome is False:
            continue
        certain = bool(outcome) and case.guard is None
        applies = (
            arithmetic.assumptions(it, test, True) if test is not None else ((("case", id(case), it.context), True),)
        )
        branches.append(((*passed_by, *(() if outcome else applies)), partial(_case, it, subject, case)))
        if certain:
            return it.branch(branches)
        if test is not None and case.guard is None:
            passed_by = (*passed_by, *arithmetic.assumptions(it, test, False))
    return it.branch([*branches, (passed_by, lambda: "next")])


def _test(it: Interpreter, subject: Value, pattern: cst.MatchPattern) -> Value | None:
    """The test of a pattern of literals, or of one that always fits; None for others."""
    if isinstance(pattern, cst.MatchAs):
        return _test(it, subject, pattern.pattern) if pattern.pattern is not None else Known(True)
    if isinstance(pattern, (cst.MatchValue, cst.MatchSingleton)):
        wanted = it.evaluate(pattern.value)
        op = "==" if isinstance(pattern, cst.MatchValue) else "is"
        return it.lift(lambda one, other: arithmetic.compare(it, op, one, other, pattern), subject, wanted)
    if isinstance(pattern, cst.MatchOr):
        tests = [_test(it, subject, option.pattern) for option in pattern.patterns]
        known = [test for test in tests if test is not None]
        joined = known[0] if known and len(known) == len(tests) else None
        for test in known[1:] if joined is not None else ():
            joined = it.lift(lambda one, other: arithmetic.boolean(it, "or", one, other, pattern), joined or test, test)
        return joined
    return None


def _case(it: Interpreter, subject: Value, case: cst.MatchCase) -> Flow:
    _bind(it, subject, case.pattern)
    if case.guard is None:
        return it.run(case.body.body)
    # Where the guard is false, the branches of the later cases go on.
    guard = it.evaluate(case.guard)
    outcome = arithmetic.truth(it, guard)
    if outcome is False:
        return "raise"
    return it.branch([(() if outcome else arithmetic.assumptions(it, guard, True), lambda: it.run(case.body.body))])


def _bind(it: Interpreter, subject: Value, pattern: cst.MatchPattern) -> None:  # noqa: C901 - a case per pattern
    """Assign the variables of a pattern."""
    if isinstance(pattern, cst.MatchAs):
        if pattern.pattern is not None:
            _bind(it, subject, pattern.pattern)
        if pattern.name is not None:
            it.bind(pattern.name.value, subject)
    elif isinstance(pattern, cst.MatchSequence):
        _bind_sequence(it, subject, pattern)
    elif isinstance(pattern, cst.MatchMapping):
        for element in pattern.elements:
            key = it.evaluate(element.key)
            _bind(it, it.lift(lambda one, key=key: expressions.item(it, one, key, pattern), subject), element.pattern)
        if pattern.rest is not None:
            it.bind(pattern.rest.value, it.unknown(pattern.rest))
    elif isinstance(pattern, cst.MatchClass):
        for argument in pattern.patterns:
            _bind(it, it.unknown(argument), argument.value)
        for keyword in pattern.kwds:
            name = keyword.key.value
            value = it.lift(lambda one, name=name: attributes.get(it, one, name, pattern), subject)
            _bind(it, value, keyword.pattern)
    elif isinstance(pattern, cst.MatchOr):
        for option in pattern.patterns:
            _bind(it, it.unknown(option), option.pattern)


def _bind_sequence(it: Interpreter, subject: Value, pattern: cst.MatchSequence) -> None:
    count = len(pattern.patterns)
    for position, element in enumerate(pattern.patterns):
        if isinstance(element, cst.MatchStar):
            if element.name is not None:
                it.bind(element.name.value, it.unknown(element.name))
            subject = it.unknown(element)  # what follows a star is not known
            continue
        part = partial(_part, it, position=position, count=count, node=pattern)
        _bind(it, it.lift(part, subject), element.value)


def _part(it: Interpreter, subject: Value, *, position: int, count: int, node: cst.CSTNode) -> Value:
    return calls.part(it, subject, position, count, node)
