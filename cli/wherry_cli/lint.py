"""`wherry lint`: says what is wrong with manifests and proxy configurations, and fixes some."""

from __future__ import annotations

import difflib
import gc
import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wherry_cli.notes import note

if TYPE_CHECKING:
    from wherry_build.lint.fixing import Change

FORMATS = ("text", "json", "sarif", "github")


@click.command(
    epilog="""\b
Examples:
  wherry lint deploy/
  wherry lint deploy/ --fix
  wherry lint deploy/ nginx.conf --select K8S --ignore K8S007 --strict
  wherry lint deploy/ --schemas crds/
  wherry lint deploy/ --format sarif > lint.sarif"""
)
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH..."
)
@click.option("--fix", "is_fixing", is_flag=True, help="Rewrite what can be put right first.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="How the findings are printed.",
)
@click.option(
    "--select", multiple=True, metavar="RULE", help="Rule or its beginning; repeatable, commas too."
)
@click.option("--ignore", multiple=True, metavar="RULE", help="Rule to leave out; the same way.")
@click.option(
    "--schemas",
    "schemas_path",
    type=click.Path(path_type=Path),
    metavar="CRD_DIR",
    help="Check custom resources against the definitions in this folder, strictly.",
)
@click.option("--strict", is_flag=True, help="End with 1 for warnings as well.")
def command(
    paths: tuple[Path, ...],
    is_fixing: bool,
    form: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    schemas_path: Path | None,
    strict: bool,
) -> int:
    """Look for faults in the files and folders PATH.

    Reads .yaml, .yml, .json and .conf: objects of Kubernetes, Istio, Knative, stacks of OpenFaaS,
    bootstraps of Envoy, nginx.conf; all of them at once, because many faults are between two files.
    Ends with 0 where nothing is an error, 1 where something is, 2 for wrong input.
    """
    from wherry_build.lint.finding import Severity
    from wherry_build.lint.run import all_rules, lint
    from wherry_build.lint.source import read

    chosen, left_out = _rules(select), _rules(ignore)
    reading = read(paths)
    schemas = None
    if schemas_path is not None:
        from wherry_build.lint.schemas.catalogue import read_schemas

        schemas = read_schemas(schemas_path)
    findings = lint(reading, select=chosen, ignore=left_out, schemas=schemas)
    if is_fixing:
        from wherry_build.lint.fixing import fixed

        for change in fixed(reading, select=chosen, ignore=left_out):
            Path(change.path).write_bytes(change.after.encode())
            _tell(change)
        reading = read(paths)
        findings = lint(reading, select=chosen, ignore=left_out, schemas=schemas)
    reporter = importlib.import_module(f"wherry_build.lint.report.{form}")
    shown = reporter.report(findings, all_rules(), len({each.path for each in reading.sources}))
    if shown:
        click.echo(shown)
    failing = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    gc.freeze()  # a process that ends need not look through all that was read once more
    is_failed = any(finding.severity in failing for finding in findings)
    return 1 if is_failed else 0


def _rules(given: Sequence[str]) -> tuple[str, ...]:
    return tuple(name.strip().upper() for each in given for name in each.split(","))


def _tell(change: Change) -> None:
    note(f"fixed {change.path}: {', '.join(change.rules)}")
    lines = difflib.unified_diff(
        change.before.splitlines(), change.after.splitlines(), lineterm="", n=1
    )
    for line in list(lines)[2:]:
        note(f"  {line}")
