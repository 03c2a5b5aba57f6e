"""SCH001 to SCH004: objects against the schemas of their kinds, as an API server would have it.

Without schemas (`wherry lint --schemas CRD_DIR`) these rules say nothing, and load nothing.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterator
from dataclasses import dataclass

from wherry_build.extras import extra
from wherry_build.lint.bundle import Bundle
from wherry_build.lint.document import Document
from wherry_build.lint.finding import Severity
from wherry_build.lint.rule import Fault, fault, rule
from wherry_build.lint.schemas.catalogue import Schema, Schemas
from wherry_build.lint.schemas.settled import Unsettled, settled

_OWN_GROUPS = frozenset({"", "apps", "autoscaling", "batch", "extensions", "policy"})
_OWN_ENDING = ".k8s.io"
_CUSTOM_OF_KUBERNETES = "gateway.networking.k8s.io"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judgement:
    """All that the schemas say of one document."""

    misfits: tuple[Fault, ...] = ()
    broken: tuple[Fault, ...] = ()
    unevaluated: tuple[Fault, ...] = ()


@rule("SCH001", Severity.ERROR, "an object does not have the shape that its schema gives it")
def misfit(bundle: Bundle) -> Iterator[Fault]:
    """Unknown fields, wrong types, values outside their bounds, missing fields."""
    for judgement in _judged(bundle):
        yield from judgement.misfits


@rule("SCH002", Severity.ERROR, "an object breaks a rule of its schema")
def broken(bundle: Bundle) -> Iterator[Fault]:
    """Rules in CEL, evaluated where they stand."""
    for judgement in _judged(bundle):
        yield from judgement.broken


@rule("SCH003", Severity.NOTE, "there is no schema for a kind")
def unknown(bundle: Bundle) -> Iterator[Fault]:
    """Kinds of Kubernetes itself are no custom resources, and are not looked for."""
    schemas = bundle.schemas
    for document in bundle.objects if schemas is not None else ():
        if schemas is None or _is_own(document.group):
            continue
        if schemas.find(document.api_version, document.kind) is None:
            got = f"{document.api_version} {document.kind}"
            key = "kind" if schemas.kinds(document.api_version) else "apiVersion"
            yield fault(
                document,
                (key,),
                f"not checked: got {got}, which has no schema here",
                hint=_nearest(document, schemas),
            )


@rule("SCH004", Severity.NOTE, "a rule of a schema could not be evaluated")
def unevaluated(bundle: Bundle) -> Iterator[Fault]:
    """What an API server may still refuse."""
    for judgement in _judged(bundle):
        yield from judgement.unevaluated


def _is_own(group: str) -> bool:
    return group in _OWN_GROUPS or (group.endswith(_OWN_ENDING) and group != _CUSTOM_OF_KUBERNETES)


def _nearest(document: Document, schemas: Schemas) -> str:
    versions = schemas.versions(document.group, document.kind)
    if versions:
        return f"{document.kind} is served as {', '.join(versions)}"
    kinds = schemas.kinds(document.api_version)
    alike = [kind for kind in kinds if kind.lower() == document.kind.lower()]
    near = alike or difflib.get_close_matches(document.kind, kinds, n=1)
    return f"did you mean {near[0]!r}?" if near else ""


@functools.lru_cache(maxsize=1)
def _judged(bundle: Bundle) -> tuple[_Judgement, ...]:
    """What is said of each object that has a schema; worked out once for all rules."""
    schemas = bundle.schemas
    if schemas is None:
        return ()
    pairs = ((each, schemas.find(each.api_version, each.kind)) for each in bundle.objects)
    return tuple(_judge(document, schema) for document, schema in pairs if schema is not None)


def _judge(document: Document, schema: Schema) -> _Judgement:
    with extra("schemas"):
        from wherry_build.lint.schemas.expressions import Outcome, verdicts
        from wherry_build.lint.schemas.shape import misfits
    try:
        value = settled(document.node, schema)
    except Unsettled as error:
        return _Judgement(unevaluated=(fault(document, (), f"not checked: {error}"),))
    found = tuple(
        fault(document, each.keys, each.message, hint=each.hint) for each in misfits(value, schema)
    )
    if found:
        # An API server does the same: rules may rest on a shape that is not there.
        said = "not evaluated: the rules of its schema, because it does not have its shape"
        return _Judgement(misfits=found, unevaluated=(fault(document, ("kind",), said),))
    said_of = list(verdicts(value, schema))
    open_ = [each for each in said_of if each.outcome is Outcome.NOT_EVALUATED]
    once = {each.rule: each for each in reversed(open_)}
    return _Judgement(
        broken=tuple(
            fault(document, each.keys, each.message)
            for each in said_of
            if each.outcome is Outcome.BROKEN
        ),
        unevaluated=tuple(fault(document, each.keys, each.message) for each in once.values()),
    )
