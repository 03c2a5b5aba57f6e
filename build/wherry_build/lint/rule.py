"""What a rule is, and the table of all of them.

A rule is a small function from all documents to the faults among them, in the module of its
family; a fix is a second one, which edits the round-trip nodes of the fault's document in place:

    @rule("K8S006", Severity.WARNING, "a ConfigMap is mounted by subPath, and never updated")
    def sub_path(bundle: Bundle) -> Iterator[Fault]:
        for workload in bundle.workloads:
            for keys, container in workload.containers():
                for mount_keys, mount in entries(container, "volumeMounts"):
                    if "subPath" in mapping(mount):
                        yield fault(
                            workload.document,
                            (*keys, *mount_keys, "subPath"),
                            f"got subPath {mount['subPath']!r}, expected a folder to be mounted",
                            hint="mount the folder and name the file in the volume's `items`",
                        )

    @fix("K8S001")
    def copy_labels(bundle: Bundle, found: Fault) -> None:
        found.document.node["spec"]["selector"] = {"matchLabels": {...}}

`fault` stands at the key or item that `keys` leads to (the nearest above it that is written);
`fault_at_line` stands at a line of a document without nodes (nginx.conf). Neither names the rule
nor its severity: the table knows them. Read nodes with `wherry_build.lint.node` (`at`, `mapping`,
`items`, `text`, `entries`, `strings`, `walk`), which never raise; ask the bundle (`of_kind(kind,
group)`, `of_form(Form.ENVOY)`, `find`, `workloads`, `knative_services`, `services`, `behind`). A
rule that cannot tell says nothing. Its examples are in `tests/builder/lint/examples/ID/`
(`bad.yaml`, `good.yaml`, or `bad/` and `good/` folders of files). Its family's page in `docs/lint/`
has `<!-- begin ID -->` and `<!-- end ID -->`, between which `docs/generate.py` writes the heading,
the check's docstring (so that says what is looked at) and the examples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from wherry_build.lint.bundle import Bundle
from wherry_build.lint.document import Document
from wherry_build.lint.finding import Finding, Place, Severity
from wherry_build.lint.node import Keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What a rule found, without the rule: the document, the keys in it, and what to say.

    Attributes:
        keys: From the document to what is wrong; a fix goes there.
        message: What was got and what was expected.
        hint: What to change.
    """

    document: Document
    keys: Keys
    place: Place
    message: str
    hint: str = ""


Check: TypeAlias = Callable[[Bundle], Iterable[Fault]]
Fix: TypeAlias = Callable[[Bundle, Fault], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule with what the table knows of it."""

    id: str
    severity: Severity
    summary: str
    check: Check
    fix: Fix | None = None

    def finding(self, found: Fault) -> Finding:
        """The finding that a fault of this rule is."""
        return Finding(
            rule=self.id,
            severity=self.severity,
            path=found.place.path,
            line=found.place.line,
            column=found.place.column,
            subject=found.document.subject,
            message=found.message,
            hint=found.hint,
            is_fixable=self.fix is not None,
        )


RULES: dict[str, Rule] = {}
"""Every rule by its id; a family's module adds its own when it is imported (`run.FAMILIES`)."""


def rule(identity: str, severity: Severity, summary: str) -> Callable[[Check], Check]:
    """Register a check; `summary` says in one line what is wrong where it finds something."""

    def register(check: Check) -> Check:
        if identity in RULES:
            raise ValueError(f"{identity} is registered twice")
        RULES[identity] = Rule(id=identity, severity=severity, summary=summary, check=check)
        return check

    return register


def fix(identity: str) -> Callable[[Fix], Fix]:
    """Register the function that puts a fault of the rule `identity` right, in place."""

    def register(repair: Fix) -> Fix:
        RULES[identity] = replace(RULES[identity], fix=repair)
        return repair

    return register


def fault(document: Document, keys: Keys, message: str, *, hint: str = "") -> Fault:
    """A fault at the key or item that `keys` leads to."""
    place = document.place(*keys)
    return Fault(document=document, keys=keys, place=place, message=message, hint=hint)


def fault_at_line(
    document: Document, line: int, message: str, *, column: int = 1, hint: str = ""
) -> Fault:
    """A fault at a line of the document's text, from 1; for nginx.conf."""
    place = document.at_line(line, column)
    return Fault(document=document, keys=(), place=place, message=message, hint=hint)
