"""Write the parts of these pages that follow from the code: `make docs`.

Each stands between `<!-- begin NAME -->` and `<!-- end NAME -->`; a test fails when it is not what
this script would write.
"""
# ruff: noqa: INP001 - a script beside the pages that it writes

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path

from click.testing import CliRunner

from wherry import errors
from wherry.serving.probes import PATHS
from wherry.variables import VARIABLES
from wherry_cli.main import COMMANDS
from wherry_cli.main import wherry as cli

HERE = Path(__file__).resolve().parent
PART = re.compile(r"(<!-- begin (\w+) -->\n).*?(<!-- end \2 -->)", re.DOTALL)


def settings() -> str:
    """Every variable with its default and meaning."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for variable in VARIABLES:
        names = ", ".join(f"`{name}`" for name in variable.names)
        rows.append(f"| {names} | {variable.default} | {variable.meaning} |")
    return "\n".join(rows)


def exceptions() -> str:
    """The error tree, as its module draws it."""
    drawn = inspect.cleandoc(errors.__doc__ or "").split("\n\n")[1]
    return "```text\n" + inspect.cleandoc(drawn) + "\n```"


def probes() -> str:
    """Every probe's path."""
    rows = ["| path | asks for |", "|---|---|"]
    rows += [f"| `{path}` | {probe.value} |" for path, probe in PATHS.items()]
    return "\n".join(rows)


def commands() -> str:
    """What `--help` says, for each command."""
    said = []
    for name in COMMANDS:
        text = CliRunner().invoke(cli, [name, "--help"], prog_name="wherry", terminal_width=92)
        said.append(f"## {name}\n\n```text\n{text.output.strip()}\n```\n")
    return "\n".join(said)


PARTS = {"commands": commands, "settings": settings, "exceptions": exceptions, "probes": probes}


def written(page: str) -> str:
    """`page` with its generated parts as they should be."""
    return PART.sub(lambda match: f"{match[1]}{PARTS[match[2]]()}\n{match[3]}", page)


def main() -> int:
    """Write every page anew; 0 always, the pages are in version control."""
    for path in sorted(HERE.glob("*.md")):
        page = path.read_text()
        if page != written(page):
            path.write_text(written(page))
            print(f"wrote {path.relative_to(HERE.parent)}")  # noqa: T201 - a script
    return 0


if __name__ == "__main__":
    sys.exit(main())
