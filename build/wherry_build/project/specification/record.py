"""What the records of `wherry.yaml` share: the rules that hold between the keys of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that does not hold between the values of one record.

    Attributes:
        keys: Way from the record to the value that is wrong.
        got: What is there.
        expected: What would be right.
        depends: Keys that it depends on besides; where one is wrong, nothing is known.
    """

    keys: tuple[str | int, ...]
    got: str
    expected: str
    depends: tuple[str, ...] = ()


class Record:
    """A mapping of `wherry.yaml` with known keys, which are the fields of the dataclass.

    A trailing underscore of a field's name is not part of the key. A field without a default is a
    key that must be there. `None`, and an empty list or map, is what was not said.
    """

    __slots__ = ()

    exactly_one: ClassVar[tuple[str, ...]] = ()
    """Keys of which one must be there, and one only."""
    at_least_one: ClassVar[tuple[str, ...]] = ()
    """Keys of which one must be there."""

    def problems(self) -> Iterator[Problem]:
        """What does not hold between the values, each of which is right on its own."""
        yield from ()


def percents(shares: Iterable[tuple[tuple[str | int, ...], int | None]]) -> Iterator[Problem]:
    """Shares of one whole, each with its way; they must be 100 together.

    Those that are not said count 0, as for a revision that has a tag and no traffic of its own.
    """
    listed = list(shares)
    total = sum(share or 0 for _, share in listed)
    if listed and total != 100:
        way = listed[-1][0]
        yield Problem(keys=way, got=f"{total} percent together", expected="100 percent together")
