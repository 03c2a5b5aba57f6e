"""What a wherry.yaml says and nobody of those who write for a target carries: it is told, always.

An emitter lists the keys that it carries and gives reasons for those that its platform has no form
for. A key of neither is lost as well, so that one that is new to the model is told until it is
written. `*` in a pattern stands for one name; a pattern covers the keys below it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from wherry_build.manifests.emission import Loss
from wherry_build.project.model import Project
from wherry_build.project.shape import fields_of
from wherry_build.project.specification.record import Record

MODEL_ALONE = frozenset(
    {"version", "functions.*.handler", "registry.prefix", "build", "functions.*.build"}
)
"""What says how the project is read, how an image is made, and what is in its reference."""
CARRIED_BY_ALL = frozenset(
    {"functions.*.image", "functions.*.revisions.*.image", "functions.*.environment_files"}
)
"""What is in an image's reference and in the environment, which every platform has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a platform has no form for a key.

    Attributes:
        reason: What becomes of it there.
        instead: What to do about it; empty where there is nothing.
    """

    reason: str
    instead: str = ""


_NO_FORM = Reason(reason="this target has no form for it")


def lost(
    project: Project,
    *,
    carried: Collection[str],
    reasons: Mapping[str, Reason],
    written: Collection[str] = (),
) -> tuple[Loss, ...]:
    """What `project` says and nobody carries, in the order of the model.

    Args:
        project: The project; one without a file says nothing.
        carried: Patterns of keys that are written.
        reasons: Patterns of keys that are not, with the reason of each.
        written: Keys that are written besides, each as it is.
    """
    specification = project.specification
    if specification is None:
        return ()
    chosen = {function.name for function in project.functions}
    carried = CARRIED_BY_ALL.union(carried)
    return tuple(
        Loss(key=key, reason=why.reason, instead=why.instead)
        for key, pattern in said_keys(specification)
        if (not pattern.startswith("functions.*") or key.split(".")[1] in chosen)
        and not _is_carried(pattern, carried)
        and key not in written
        and covering(pattern, MODEL_ALONE) is None
        for why in [reasons.get(covering(pattern, reasons) or "", _NO_FORM)]
    )


def said_keys(record: Record, key: str = "", pattern: str = "") -> Iterator[tuple[str, str]]:
    """The keys of what `record` says, each with its pattern; a record's own keys in its place.

    A required key is said even when it is empty: an empty list of callers is nobody.
    """
    for field in fields_of(type(record)):
        value = getattr(record, field.attribute)
        here = f"{key}{field.key}"
        of_all = f"{pattern}{field.key}"
        if isinstance(value, Record):
            yield from said_keys(value, f"{here}.", f"{of_all}.")
        elif isinstance(value, Mapping) and _holds_records(value):
            for name, item in value.items():
                found = list(said_keys(item, f"{here}.{name}.", f"{of_all}.*."))
                yield from found or [(f"{here}.{name}", f"{of_all}.*")]
        elif field.required or (value is not None and value not in ((), {})):
            yield here, of_all


def _holds_records(value: Mapping[str, object]) -> bool:
    return any(isinstance(item, Record) for item in value.values())


def _is_carried(pattern: str, carried: Collection[str]) -> bool:
    """Whether somebody writes it; an item that says nothing, where one of its keys is written."""
    return covering(pattern, carried) is not None or (
        pattern.endswith(".*") and any(each.startswith(f"{pattern}.") for each in carried)
    )


def covering(pattern: str, patterns: Collection[str]) -> str | None:
    """That of `patterns` which is `pattern`, or above it; the longest."""
    while pattern:
        if pattern in patterns:
            return pattern
        pattern = pattern.rpartition(".")[0]
    return None
