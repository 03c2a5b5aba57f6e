"""Write the parts of these pages that follow from the code: `make docs`.

Each stands between `<!-- begin NAME -->` and `<!-- end NAME -->`; a test fails when it is not what
this script would write.
"""
# ruff: noqa: INP001 - a script beside the pages that it writes

from __future__ import annotations

import ast
import inspect
import json
import re
import runpy
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import click
from click.testing import CliRunner

import wherry
from wherry import errors
from wherry.metrics.catalogue import CATALOGUE
from wherry.serving.ending import EXIT_WORN
from wherry.serving.probes import PATHS
from wherry.variables import VARIABLES
from wherry_build.errors import BuildError
from wherry_build.lint.rule import Rule
from wherry_build.lint.run import all_rules
from wherry_build.project.json_schema import json_schema
from wherry_build.project.key_tables import key_tables
from wherry_build.template import TEMPLATES
from wherry_build.template.frame import BUILD_OPTIONS
from wherry_cli.main import COMMANDS
from wherry_cli.main import wherry as cli
from wherry_local.errors import LocalError

HERE = Path(__file__).resolve().parent
SCHEMA = HERE / "wherry.schema.json"
RUNTIME = Path(wherry.__file__).parent
LINT_PAGES = sorted(HERE.glob("lint/*.md"))
TARGET_PAGES = sorted(HERE.glob("targets/*.md"))
RENDERINGS: dict[str, Callable[[], str]] = runpy.run_path(str(HERE / "renderings.py"))["PARTS"]
EXAMPLES = HERE.parent / "tests/builder/lint/examples"
PART = re.compile(r"(<!-- begin (\w+) -->\n).*?(<!-- end \2 -->)", re.DOTALL)
REFUSED_WITH = {"EventError": 400, "PayloadError": 422, "BodyInterrupted": 400}
"""Errors that become a problem, and the status of one that names none."""
_WORDS = 2  # a text of no more is put together elsewhere

EXIT_CODES: dict[int | str, str] = {
    0: "done, or ended as asked",
    1: "failed",
    2: "wrong input: a setting, an argument or a file",
    3: "could not start",
    EXIT_WORN: "the process is no longer fit to serve, and nobody but the platform starts another",
    "128 + n": "the last worker was ended by signal n",
    130: "the command was interrupted with Ctrl-C",
}


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


def metrics() -> str:
    """Every metric of the server."""
    rows = ["| metric | type | labels | meaning |", "|---|---|---|---|"]
    for entry in CATALOGUE:
        labels = ", ".join(f"`{label}`" for label in entry.labels)
        rows.append(f"| `{entry.shown}` | {entry.kind.value} | {labels} | {entry.meaning} |")
    return "\n".join(rows)


def templates() -> str:
    """Every template of `wherry new` and of faas-cli."""
    rows = ["| `wherry new --template` | `faas-cli new --lang` | for |", "|---|---|---|"]
    rows += [f"| `{each.style}` | `{each.language}` | {each.purpose} |" for each in TEMPLATES]
    return "\n".join(rows)


def build_options() -> str:
    """Every build option of the templates."""
    rows = ["| build option | for | packages |", "|---|---|---|"]
    rows += [
        f"| `{each.name}` | {each.purpose} | {', '.join(each.packages)} |" for each in BUILD_OPTIONS
    ]
    return "\n".join(rows)


def exits() -> str:
    """Every exit code, and the errors that end with it."""
    rows = ["| code | meaning | errors |", "|---|---|---|"]
    for code, meaning in EXIT_CODES.items():
        named = sorted(
            each.__name__
            for root in (errors.WherryError, BuildError, LocalError)
            for each in root.__subclasses__()
            if each.exit_code == code and code != 1  # what the command does not foresee ends with 1
        )
        rows.append(f"| {code} | {meaning} | {', '.join(f'`{name}`' for name in named)} |")
    return "\n".join(rows)


def refusals() -> str:
    """Every `detail` that the source gives with a status."""
    rows = ["| status | detail |", "|---|---|"]
    rows += [f"| {status} | {detail} |" for status, detail in sorted(refused())]
    return "\n".join(rows)


def refused() -> set[tuple[int, str]]:
    """Status and detail of each refusal in the source of the runtime; `…` for what varies."""
    found: set[tuple[int, str]] = set()
    for module in sorted(RUNTIME.rglob("*.py")):
        if "testing" not in module.parts:
            found |= set(_refused_in(ast.parse(module.read_text())))
    return found


def _refused_in(tree: ast.Module) -> Iterator[tuple[int, str]]:
    texts = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            given = _status_and_detail(node)
            if given is not None:
                statuses, said = given
                detail = _text(texts.get(said.id, said) if isinstance(said, ast.Name) else said)
                if len(re.findall(r"\w{2,}", detail)) > _WORDS:
                    yield from ((status, detail) for status in statuses)


def _status_and_detail(call: ast.Call) -> tuple[tuple[int, ...], ast.expr] | None:
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    status: ast.expr | None
    if name == "Problem":
        status, detail = named.get("status"), named.get("detail")
    elif name == "Refused":
        status, detail = call.args
    elif name in REFUSED_WITH and call.args:
        first, *rest = call.args
        status, detail = named.get("status", ast.Constant(REFUSED_WITH[name])), first
        status = rest[0] if rest else status
    else:
        return None
    if detail is None:
        return None
    if isinstance(status, ast.Attribute) and status.attr == "overload_status":
        return (429, 503), detail  # as the setting may be
    if isinstance(status, ast.Constant) and isinstance(status.value, int):
        return (status.value,), detail
    return None


def _text(node: ast.expr) -> str:
    """The text that an expression makes, with `…` for each part that it does not spell out."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) for part in node.values)
    if isinstance(node, ast.BoolOp):
        return _text(node.values[-1])
    return "…"


def commands() -> str:
    """What `--help` says, for each command."""
    return "\n".join(part for name in COMMANDS for part in _helped(name))


def _helped(*words: str) -> Iterator[str]:
    """What `--help` says of a command, and then of each that it is a group of."""
    text = CliRunner().invoke(cli, [*words, "--help"], prog_name="wherry", terminal_width=92)
    yield f"## {' '.join(words)}\n\n```text\n{text.output.strip()}\n```\n"
    found = cli.get_command(click.Context(cli), words[0])
    if len(words) == 1 and isinstance(found, click.Group):
        for each in found.commands:
            yield from _helped(*words, each)


def rules() -> str:
    """Every rule of the linter, with the page that explains it."""
    rows = ["| rule | severity | `--fix` | what is wrong |", "|---|---|---|---|"]
    for rule in all_rules().values():
        page = next((path for path in LINT_PAGES if _explains(path, rule)), None)
        anchor = re.sub(r"[^\w\- ]", "", _title(rule).lower()).replace(" ", "-")
        name = f"[{rule.id}]({page.name}#{anchor})" if page is not None else rule.id
        mark = "yes" if rule.fix is not None else ""
        rows.append(f"| {name} | {rule.severity.value} | {mark} | {rule.summary} |")
    return "\n".join(rows)


def rule_part(rule: Rule) -> str:
    """A rule's heading, what it looks at, and its examples, which its test runs."""
    severity = rule.severity.value.capitalize()
    mark = ", put right by `--fix`" if rule.fix is not None else ""
    said = inspect.cleandoc(rule.check.__doc__ or "")
    parts = [f"## {_title(rule)}", f"{severity}{mark}. {said}"]
    schema = EXAMPLES / rule.id / "crds.yaml"
    if schema.is_file():
        parts += ["With the definition:", _fenced(schema)]
    for which, word in (("bad", "Found:"), ("good", "Right:")):
        parts += [word, *_shown(rule, which)]
    return "\n\n".join(parts)


def _title(rule: Rule) -> str:
    return f"{rule.id}: {rule.summary}"


def _explains(page: Path, rule: Rule) -> bool:
    return f"<!-- begin {rule.id} -->" in page.read_text()


def _shown(rule: Rule, which: str) -> Iterator[str]:
    """An example's files as they are; with their names where there are several."""
    (example,) = (path for path in (EXAMPLES / rule.id).iterdir() if path.stem == which)
    if example.is_file():
        yield _fenced(example)
        return
    for file in sorted(path for path in example.rglob("*") if path.is_file()):
        yield f"`{file.relative_to(example)}`"
        yield _fenced(file)


def _fenced(file: Path) -> str:
    language = {".conf": "nginx", ".json": "json"}.get(file.suffix, "yaml")
    return f"```{language}\n{file.read_text().strip()}\n```"


def schema() -> str:
    """The JSON Schema of wherry.yaml."""
    return json.dumps(json_schema(), indent=2) + "\n"


def project_keys() -> str:
    """Every key of wherry.yaml."""
    return key_tables()


PARTS = {
    "commands": commands,
    "exceptions": exceptions,
    "exits": exits,
    "metrics": metrics,
    "probes": probes,
    "project_keys": project_keys,
    "refusals": refusals,
    "rules": rules,
    "settings": settings,
    "templates": templates,
    "build_options": build_options,
    **{name: partial(rule_part, rule) for name, rule in all_rules().items()},
    **RENDERINGS,
}


def written(page: str) -> str:
    """`page` with its generated parts as they should be."""
    return PART.sub(lambda match: f"{match[1]}{PARTS[match[2]]()}\n{match[3]}", page)


def main() -> int:
    """Write every page anew, and the schema; 0 always, they are in version control."""
    SCHEMA.write_text(schema())
    for path in sorted((*HERE.glob("*.md"), *LINT_PAGES, *TARGET_PAGES)):
        page = path.read_text()
        if page != written(page):
            path.write_text(written(page))
            print(f"wrote {path.relative_to(HERE.parent)}")  # noqa: T201 - a script
    return 0


if __name__ == "__main__":
    sys.exit(main())
