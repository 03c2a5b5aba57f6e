"""`wherry conform`: holds a function server to the public cases."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from wherry_local.conformance import Platform, Result, Subject

_PLATFORMS = ("openfaas", "knative")


@click.command(
    epilog="""\b
Examples:
  wherry conform
  wherry conform functions/orders --only http --only drain
  wherry conform http://127.0.0.1:8080/ --platform knative --junit report.xml
  wherry conform --list"""
)
@click.argument("target", required=False, metavar="[PATH|URL]")
@click.option(
    "--only", multiple=True, metavar="GROUP", help="Group, id or its beginning; repeatable."
)
@click.option(
    "--platform",
    "platforms",
    multiple=True,
    type=click.Choice(_PLATFORMS),
    help="Dialect that a URL's server claims; repeatable. One started here claims both.",
)
@click.option("--metrics", "metrics_url", metavar="URL", help="Where a URL's server is scraped.")
@click.option("--timeout", "timeout_s", type=float, default=5.0, show_default=True, metavar="S")
@click.option("--strict", is_flag=True, help="Fail for what only should hold, too.")
@click.option("--verbose", "-v", is_flag=True, help="Show what passed and each skipped case, too.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option(
    "--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write JUnit's XML, too."
)
@click.option("--list", "as_list", is_flag=True, help="List the cases and run none.")
def command(
    target: str | None,
    only: tuple[str, ...],
    platforms: tuple[str, ...],
    metrics_url: str | None,
    timeout_s: float,
    strict: bool,
    verbose: bool,
    as_json: bool,
    junit: Path | None,
    as_list: bool,
) -> int:
    """Hold a function server to the public cases, and print a report.

    URL is a server that is up; PATH is a function to serve with Wherry's own; without either, a
    function that echoes events is served. A function of another server should echo events, too.
    Ends with 1 when a case that must hold has failed.
    """
    from wherry_local.conformance import Platform, cases, report, run

    chosen = cases(only)
    if not chosen:
        raise click.UsageError(f"--only {' '.join(only)}: no such case; see wherry conform --list")
    if as_list:
        click.echo(report.listing(chosen))
        return 0
    claimed = frozenset(Platform(each) for each in platforms)
    with _subject(target, claimed, metrics_url, timeout_s) as subject:
        results = run(chosen, subject, _Progress(len(chosen)))
        shown = subject.url if target is None or "://" in target else target
    if junit is not None:
        junit.write_text(report.junit(results, shown, strict=strict), encoding="utf-8")
    click.echo(
        report.document(results, shown) if as_json else report.text(results, verbose=verbose)
    )
    return int(any(result.is_failure(strict=strict) for result in results))


@contextmanager
def _subject(
    target: str | None, claimed: frozenset[Platform], metrics_url: str | None, timeout_s: float
) -> Iterator[Subject]:
    """The server at a URL; or one that is started here, and ended when the block ends."""
    from wherry.testing import running
    from wherry_local.conformance import Platform, Subject, echo
    from wherry_local.errors import NothingServed

    if target is not None and "://" in target:
        subject = Subject.at(target, timeout_s=timeout_s, platforms=claimed)
        yield replace(subject, metrics_url=metrics_url).discovered()
        return
    source, environment = target or echo.SOURCE, {} if target else echo.ENVIRONMENT
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running(source, **environment))
        except RuntimeError as error:
            raise NothingServed(str(error).rstrip(), hint=f"wherry run {source}") from None
        subject = Subject(
            host="127.0.0.1",
            port=server.port,
            timeout_s=timeout_s,
            platforms=claimed or frozenset(Platform),
            metrics_url=metrics_url or server.metrics_url,
            source=source,
            environment=environment,
        )
        yield subject.discovered()


class _Progress:
    """Shows on a terminal how far it is, and how many have failed."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._done = self._failed = 0
        self._is_shown = sys.stderr.isatty()

    def __call__(self, result: Result) -> None:
        self._done += 1
        self._failed += result.is_failure(strict=True)
        if not self._is_shown:
            return
        state = f"{self._done}/{self._count}, {self._failed} failed: {result.case.id}"
        click.echo(f"\r\033[K{state if self._done < self._count else ''}", nl=False, err=True)
