"""A run that a page quotes: its JSON, its picture, and the part of the page that tells of it.

It must not know what was measured, nor what is said of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from benchmarks.serving.origins import ROOT


class Results(Protocol):
    """What a run found, as values."""

    def write(self, path: Path, /) -> None:
        """Write them as JSON."""


R = TypeVar("R", bound=Results)


@dataclass(frozen=True, kw_only=True)
class Publication(Generic[R]):
    """Where the committed run of one benchmark is, and how it is read, drawn and put into words.

    Attributes:
        json: File of the results.
        picture: File of their plot.
        page: File of the page that quotes them.
        mark: The comment at which its part about them begins.
        command: What makes a run and publishes it.
        unpublished: What the page says as long as there is no run.
        read: The JSON to results.
        drawn: Results to SVG.
        said: Results to words.
    """

    json: Path
    picture: Path
    page: Path
    mark: str
    command: str
    unpublished: str
    read: Callable[[Path], R]
    drawn: Callable[[R], str]
    said: Callable[[R], str]

    def committed(self) -> R | None:
        """The committed run, if there is one."""
        return self.read(self.json) if self.json.exists() else None

    def publish(self, results: R) -> None:
        """Write the JSON, the picture and the page's part."""
        results.write(self.json)
        self._show(results)

    def section(self, results: R | None) -> str:
        """What the page says of the run."""
        return self.unpublished if results is None else self.said(results)

    def rewritten(self, page: str, results: R | None) -> str:
        """`page` with its part about the run as it should be."""
        begin, end = f"<!-- {self.mark} -->\n", "<!-- until here -->"
        part = f"{begin}{self.section(results)}\n{end}"
        return re.sub(f"{re.escape(begin)}.*?{end}", lambda _: part, page, flags=re.DOTALL)

    def main(self) -> int:
        """Write picture and words anew from the committed JSON; 1 where there is none."""
        results = self.committed()
        if results is None:
            print(f"error: {self.json.relative_to(ROOT)} is not there\n  hint: {self.command}")
            return 1
        self._show(results)
        return 0

    def _show(self, results: R) -> None:
        self.picture.write_text(self.drawn(results))
        self.page.write_text(self.rewritten(self.page.read_text(), results))
