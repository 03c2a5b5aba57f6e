"""Selects the rules, runs them over all documents at once, and sorts what they found."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from wherry_build.collection import uncollected
from wherry_build.errors import LintError
from wherry_build.lint.bundle import Bundle
from wherry_build.lint.document import Form
from wherry_build.lint.finding import Finding, Severity
from wherry_build.lint.rule import RULES, Fault, Rule, fault_at_line, rule
from wherry_build.lint.source import UNREADABLE, Reading

if TYPE_CHECKING:
    from wherry_build.lint.schemas.catalogue import Schemas

FAMILIES = ("kubernetes", "istio", "knative", "openfaas", "envoy", "nginx", "schemas")
"""The modules that register rules when they are imported, beside this one."""


@rule(UNREADABLE, Severity.ERROR, "a file cannot be read as what it should be")
def unreadable(bundle: Bundle) -> Iterable[Fault]:
    """Text that is no YAML or no nginx.conf, a key that is there twice, bytes that are no UTF-8."""
    from wherry_build.lint.nginx.configuration import syntax_fault

    for document in bundle.of_form(Form.NGINX):  # the other findings come from reading
        found = syntax_fault(document.content)
        if found is not None:
            yield fault_at_line(document, found.line, f"this cannot be read: {found.message}")


def all_rules() -> dict[str, Rule]:
    """Every rule by id, the families imported."""
    for family in FAMILIES:
        importlib.import_module(f"wherry_build.lint.{family}")
    return dict(sorted(RULES.items()))


@uncollected()
def lint(
    reading: Reading,
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    schemas: Schemas | None = None,
) -> tuple[Finding, ...]:
    """Every finding of the rules that are selected, sorted by path, line and rule.

    Args:
        reading: What was read.
        select: Ids or their beginnings, `K8S` or `K8S001`; all when it is empty.
        ignore: Ids or their beginnings that are left out of those.
        schemas: What custom resources are checked against; without it they are not.

    Raises:
        LintError: `select` or `ignore` names no rule.
    """
    rules = all_rules()
    for asked in (*select, *ignore):
        if not asked or not any(name.startswith(asked) for name in rules):
            families = ", ".join(sorted({name[:3] for name in rules}))
            raise LintError(
                f"rule {asked!r}: there is none of that name or beginning",
                hint=f"a rule as {next(iter(rules))}, or one of {families}",
            )
    bundle = Bundle(documents=reading.documents, schemas=schemas)
    found = [each for each in reading.unreadable if is_selected(each.rule, select, ignore)]
    for each in rules.values():
        if is_selected(each.id, select, ignore):
            found += [each.finding(fault) for fault in each.check(bundle)]
    return tuple(sorted(set(found), key=lambda finding: finding.order))


def is_selected(identity: str, select: Sequence[str], ignore: Sequence[str]) -> bool:
    """Whether the rule `identity` is to be run."""
    chosen = not select or identity.startswith(tuple(select))
    return chosen and not identity.startswith(tuple(ignore))
