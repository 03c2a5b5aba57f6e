"""Fixtures for the tests of a function; pytest finds them where Wherry is installed.

Each imports what it needs when it is asked for, so that other test suites of the same environment
pay nothing. This module must not know how a handler is called or served.
"""

from __future__ import annotations

import functools
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from wherry.handler import Handler
    from wherry.testing import Invoke, Running, Sink

_SHOWN_CHARS = 20_000


@pytest.fixture(scope="module")
def wherry_source(request: pytest.FixtureRequest) -> Path:
    """The function under test: the first handler in the test's folder or in one above it.

    Override it to test another, or one by its name: `return "orders.py:accept"`.
    """
    from wherry.loader import CANDIDATES

    here = request.path.parent
    for folder in (here, *here.parents):
        if any((folder / each).is_file() for each in CANDIDATES):
            return folder
        if folder == request.config.rootpath:
            break
    pytest.fail(
        f"looked for {', '.join(CANDIDATES)} in {here} and above, as far as "
        f"{request.config.rootpath}; override the fixture `wherry_source`",
        pytrace=False,
    )


@pytest.fixture(scope="module")
def wherry_handler(wherry_source: Path | str) -> Handler:
    """The handler of `wherry_source`, loaded once a module."""
    from wherry.loader import load

    return load(wherry_source)


@pytest.fixture
def wherry_invoke(wherry_handler: Handler) -> Invoke:
    """`wherry.testing.invoke` of the function under test: `wherry_invoke(json={"n": 1})`."""
    from wherry.testing import invoke

    return functools.partial(invoke, wherry_handler)


@pytest.fixture(scope="module")
def wherry_environment() -> Mapping[str, str]:
    """More variables for `wherry_server`; override it to set some."""
    return {}


@pytest.fixture(scope="module")
def _wherry_sink() -> Iterator[Sink]:
    from wherry.testing import Sink

    with Sink() as sink:
        yield sink


@pytest.fixture
def wherry_sink(_wherry_sink: Sink) -> Sink:
    """The sink of `wherry_server`, empty when each test begins."""
    _wherry_sink.clear()
    return _wherry_sink


@pytest.fixture(scope="module")
def wherry_server(
    wherry_source: Path | str, wherry_environment: Mapping[str, str], _wherry_sink: Sink
) -> Iterator[Running]:
    """The function under test behind the real server, started once a module."""
    from wherry.testing import running

    with running(wherry_source, **{"K_SINK": _wherry_sink.url, **wherry_environment}) as server:
        yield server


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the server wrote where a test with one has failed."""
    report = yield
    server: Any = getattr(item, "funcargs", {}).get("wherry_server")
    if server is not None and report.when == "call" and report.failed:
        report.sections.append(("Captured log of wherry_server", server.log[-_SHOWN_CHARS:]))
    return report
