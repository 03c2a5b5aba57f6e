"""Lays the overlay of an environment on a project: maps merge, all else replaces, null removes.

What is merged are trees, before anything is checked, so a value is told to be wrong where it
stands, in the project or in its overlay.
"""

from __future__ import annotations

from wherry_build.project.reading.fault import Fault, nearest
from wherry_build.project.reading.tree import Entry, Kind, Scalar, Table, Tree, quoted


def overlaid(base: Table, overlay: Table, faults: list[Fault]) -> Table:
    """`base` with `overlay` laid on it; keys that are new come last.

    A null that removes nothing is noted in `faults`: it is a key that is spelt wrong.
    """
    entries = dict(base.entries)
    for key, entry in overlay.entries.items():
        below = entries.get(key)
        if isinstance(entry.value, Scalar) and entry.value.kind is Kind.NOTHING:
            if entries.pop(key, None) is None:
                faults.append(_removes_nothing(key, entry, base))
        else:
            under = below.value if below is not None else None
            merged = _merged(under, entry.value, faults)
            entries[key] = Entry(position=entry.position, value=merged)
    return Table(entries=entries, position=base.position)


def _merged(base: Tree | None, overlay: Tree, faults: list[Fault]) -> Tree:
    if not isinstance(overlay, Table):
        return overlay
    empty = Table(entries={}, position=overlay.position)
    return overlaid(base if isinstance(base, Table) else empty, overlay, faults)


def _removes_nothing(key: str, entry: Entry, base: Table) -> Fault:
    return Fault(
        position=entry.position,
        what=f"{quoted(key)} is null",
        got="nothing to remove",
        expected="a key that is there without the overlay",
        nearest=nearest(key, base.entries),
    )
