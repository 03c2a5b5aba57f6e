"""What a person sees when a platform has started: what is served where, with lines to paste.

Text in, lines out; nothing is run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wherry_local.deployment import Deployment
from wherry_local.transcript import first_transcript


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One function as it is announced.

    Attributes:
        name: Its name.
        url: Where the gateway serves it.
        folder: Its folder, or None.
        events: What of the brokers' events goes to it, in words.
    """

    name: str
    url: str
    folder: Path | None
    events: Sequence[str]


def served(
    deployments: Iterable[Deployment], gateway: str, triggers: Mapping[str, Sequence[str]]
) -> list[Served]:
    """What is to be announced of `deployments`; `triggers` by the name of the function."""
    return [
        Served(
            name=each.key.name,
            url=f"{gateway}/function/{each.key.name}",
            folder=each.folder,
            events=triggers.get(each.key.name, ()),
        )
        for each in deployments
    ]


def places(
    *, gateway: str, brokers: Sequence[str], password: Path, functions: Sequence[Served]
) -> list[str]:
    """Where everything is, a line each."""
    width = max((len(each.name) for each in functions), default=0)
    lines = [
        f"gateway  {gateway}",
        f"console  {gateway}/ui/  (user admin, password in {password})",
        *(f"broker   {each}" for each in brokers),
    ]
    if functions:
        lines.append("")
    for each in functions:
        events = f"  takes {', '.join(each.events)}" if each.events else ""
        lines.append(f"{each.name:<{width}}  {each.url}{events}")
    return lines


def transcripts(functions: Iterable[Served]) -> list[str]:
    """The first command of each function's README with its answer, to paste."""
    lines: list[str] = []
    for each in functions:
        readme = each.folder / "README.md" if each.folder is not None else None
        if readme is not None and readme.is_file():
            found = first_transcript(readme.read_text(encoding="utf-8"), f"{each.url}/")
            lines += ["", *found] if found else []
    return lines
