"""The text of a `wherry.yaml` to a project: parse, choose the environment, merge, read, check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wherry_build.project.reading.fault import Fault, invalid, nearest
from wherry_build.project.reading.overlay import overlaid
from wherry_build.project.reading.reader import Reader
from wherry_build.project.reading.references import keys_at, reference_faults
from wherry_build.project.reading.tree import Position, Table, Tree, positions, quoted, shown
from wherry_build.project.reading.yaml_text import read_tree
from wherry_build.project.shape import Keyed
from wherry_build.project.specification import ProjectSpecification
from wherry_build.project.specification.scalars import LABEL

ENVIRONMENTS = "environments"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectText:
    """What a `wherry.yaml` says.

    Attributes:
        specification: The project, in the environment that was chosen.
        tree: What it was read from, to tell where a value stands.
        environment: Name of the environment; empty for none.
    """

    specification: ProjectSpecification
    tree: Table
    environment: str = ""


def read_project_text(content: bytes, *, path: str, environment: str = "") -> ProjectText:
    """Read `content`, as it is in `environment`.

    The overlays of other environments are looked at too: what is wrong in one of them is told now
    and not when it is used.

    Raises:
        ProjectFileInvalid: With every fault.
        ExtraMissing: ruamel.yaml is not installed.
    """
    tree, faults = read_tree(content, path=path)
    start = Position(path=path, line=1, column=1)
    if tree is None:
        tree = Table(entries={}, position=start)
    if not isinstance(tree, Table):
        wrong = Fault(position=tree.position, what=path, got=shown(tree), expected="a map")
        raise invalid([*faults, wrong])
    overlays = _overlays(tree, faults)
    base = Table(
        entries={key: entry for key, entry in tree.entries.items() if key != ENVIRONMENTS},
        position=tree.position,
    )
    if environment and environment not in keys_at(tree, (ENVIRONMENTS,)):
        faults.append(_unknown_environment(environment, tree, start))
    chosen, specification = _read(base, overlays.get(environment), faults)
    for name, overlay in overlays.items():
        if name != environment:
            there = set(positions(overlay))
            others: list[Fault] = []
            _read(base, overlay, others)
            faults += [fault for fault in others if fault.position in there]
    if faults:
        raise invalid(faults)
    return ProjectText(specification=specification, tree=chosen, environment=environment)


def _read(
    base: Table, overlay: Table | None, faults: list[Fault]
) -> tuple[Table, ProjectSpecification]:
    tree = overlaid(base, overlay, faults) if overlay is not None else base
    reader = Reader()
    specification: Any = reader.read(Keyed(record=ProjectSpecification), tree, what="the project")
    faults += reader.faults
    functions = keys_at(tree, ("functions",)) or None
    faults += reference_faults(specification, tree, functions=functions)
    return tree, specification


def _overlays(tree: Table, faults: list[Fault]) -> Mapping[str, Table]:
    """The overlay of each environment that has one."""
    entry = tree.entries.get(ENVIRONMENTS)
    if entry is None:
        return {}
    if not isinstance(entry.value, Table):
        faults.append(_no_map(ENVIRONMENTS, entry.value))
        return {}
    found: dict[str, Table] = {}
    for name, each in entry.value.entries.items():
        if not LABEL.accepts(name):
            faults.append(
                Fault(
                    position=each.position,
                    what="name of an environment",
                    got=quoted(name),
                    expected=LABEL.expected,
                )
            )
        elif not isinstance(each.value, Table):
            faults.append(_no_map(name, each.value))
        else:
            found[name] = each.value
    return found


def _no_map(what: str, tree: Tree) -> Fault:
    return Fault(position=tree.position, what=what, got=shown(tree), expected="a map")


def _unknown_environment(name: str, tree: Table, start: Position) -> Fault:
    known = keys_at(tree, (ENVIRONMENTS,))
    there = tree.entries.get(ENVIRONMENTS)
    return Fault(
        position=there.position if there is not None else start,
        what=f"unknown environment {quoted(name)}",
        expected=f"one of {', '.join(known)}" if known else "a map `environments` with it",
        nearest=nearest(name, known),
    )
