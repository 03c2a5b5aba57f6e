"""Starting, probes, draining, and what a function that cannot start says."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import wherry
from wherry.testing import Running, running

from .callers import callers
from .conftest import FUNCTIONS, Wire, eventually, get

PROBES = [
    "/_/health",
    "/_/ready",
    "/health/liveness",
    "/health/readiness",
    "/livez",
    "/readyz",
]


@pytest.mark.parametrize("path", PROBES)
def test_every_platforms_probe_is_answered(wire, served: Running, path: str):
    status, headers, body = wire(served.port).send(get(path)).answer()
    assert (status, body, headers[b"cache-control"]) == (200, b"OK\n", b"no-store")


def test_a_probe_is_a_get(wire, served: Running):
    request = get("/_/health").replace(b"GET", b"DELETE")
    status, headers, _ = wire(served.port).send(request).answer()
    assert (status, headers[b"allow"]) == (405, b"GET, HEAD")


@pytest.fixture(scope="module")
def served():
    with running(FUNCTIONS / "sync.py") as function:
        yield function


def test_hooks_run_and_decide(wire, tmp_path: Path):
    log = tmp_path / "log"
    with running(FUNCTIONS / "hooks.py", HOOKS_LOG=str(log)) as function:
        assert log.read_text() == "start\n"
        assert wire(function.port).send(get("/readyz")).answer()[0] == 200
        wire(function.port).send(get("/?ready=no&alive=no")).answer()
        status, _, body = wire(function.port).send(get("/readyz")).answer()
        assert (status, body) == (503, b"cache is cold\n")
        assert wire(function.port).send(get("/livez")).answer()[0] == 503
        assert function.terminate() == 0
    assert log.read_text() == "start\nstop\n"


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("start_fails.py", "no database"),
        ("import_fails.py", "a_module_that_is_not_there"),
        ("no_such_file.py", "no_such_file.py"),
    ],
)
def test_a_function_that_cannot_start_says_so_once_and_exits_3(name: str, says: str, workers: str):
    ended = subprocess.run(
        [sys.executable, "-m", "wherry"],
        env={
            "PYTHONPATH": str(Path(wherry.__file__).parent.parent),
            "WHERRY_HANDLER": str(FUNCTIONS / name),
            "WHERRY_WORKERS": workers,
            "PORT": "0",
            "WHERRY_METRICS_PORT": "0",
        },
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 3
    assert ended.stderr.count("error: ") == 1
    assert says in ended.stderr


def test_a_setting_that_cannot_be_used_exits_2():
    ended = subprocess.run(
        [sys.executable, "-m", "wherry"],
        env={"PYTHONPATH": str(Path(wherry.__file__).parent.parent), "PORT": "eighty"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 2
    assert "PORT: got 'eighty', expected a whole number" in ended.stderr


def test_not_ready_at_once_and_still_serving_in_the_lame_duck_window(wire):
    with running(FUNCTIONS / "sync.py", WHERRY_LAME_DUCK="2s") as function:
        kept = wire(function.port).send(get())
        assert b"connection" not in kept.answer()[1]
        function.process.terminate()
        eventually(lambda: wire(function.port).send(get("/_/ready")).answer()[0] == 503)
        assert wire(function.port).send(get("/_/health")).answer()[0] == 200
        status, headers, _ = wire(function.port).send(get()).answer()
        assert (status, headers[b"connection"]) == (200, b"close")
        status, headers, _ = kept.send(get()).answer()
        assert (status, headers[b"connection"]) == (200, b"close")
        assert function.process.wait(20) == 0


def test_what_is_in_flight_finishes(wire):
    with running(FUNCTIONS / "sync.py") as function:
        slow = wire(function.port).send(get("/sleep?s=2"))
        stream = wire(function.port).send(get("/stream?n=20000"))
        stream.until(b"\r\n\r\n")
        eventually(
            lambda: (
                b'in_flight{function="sync"} 2.0' in scrape(function) or "stream" in function.log
            )
        )
        function.process.terminate()
        assert slow.answer()[2] == b"slept"
        stream.rest()
        assert function.process.wait(20) == 0


def test_a_second_signal_is_in_a_hurry(wire):
    with running(FUNCTIONS / "sync.py", WHERRY_LAME_DUCK="30s") as function:
        assert wire(function.port).send(get()).answer()[0] == 200
        function.process.terminate()
        eventually(lambda: wire(function.port).send(get("/_/ready")).answer()[0] == 503)
        began = time.monotonic()
        function.process.terminate()
        assert function.process.wait(20) == 0
        assert time.monotonic() - began < 10


@pytest.mark.parametrize("keep_alive", [True, False])
@pytest.mark.parametrize("name", ["sync.py", "asynchronous.py"])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_sigterm_under_load_loses_nothing_that_was_accepted(
    name: str, keep_alive: bool, workers: str
):
    """Clients that honour readiness: each stops opening connections when told that it is over."""
    failures: list[str] = []
    answered = [0]
    over = threading.Event()
    with running(FUNCTIONS / name, WHERRY_LAME_DUCK="1s", WHERRY_WORKERS=workers) as function:

        def client() -> None:
            connection: Wire | None = None
            while not over.is_set():
                try:
                    connection = connection or Wire(function.port)
                    status, headers, _ = connection.send(get("/load")).answer()
                except (OSError, EOFError) as error:
                    failures.append(repr(error))
                    break
                answered[0] += 1
                if status != 200:
                    failures.append(str(status))
                if not keep_alive or headers.get(b"connection") == b"close":
                    connection.close()
                    connection = None
            if connection is not None:
                connection.close()

        clients = [threading.Thread(target=client) for _ in range(12)]
        for each in clients:
            each.start()
        eventually(lambda: answered[0] > 500)
        function.process.terminate()
        eventually(lambda: not_ready(function))
        over.set()
        for each in clients:
            each.join(20)
        assert function.process.wait(30) == 0
    assert failures == []
    assert answered[0] > 500


SUPERVISED = {"WHERRY_SUPERVISE": "true"}
GUNICORN = {"WHERRY_WORKERS": "2"}
BOTH = pytest.mark.parametrize("settings", [SUPERVISED, GUNICORN], ids=["supervised", "gunicorn"])


@BOTH
def test_a_reload_under_load_loses_nothing(settings: dict[str, str], tmp_path: Path):
    handler = tmp_path / "handler.py"
    handler.write_text("def handle():\n    return 'before'\n")
    with running(handler, **settings) as function, callers(function.port) as load:
        load.more(200)
        handler.write_text("def handle():\n    return 'afterwards'\n")
        function.process.send_signal(signal.SIGHUP)
        eventually(lambda: said(function) == b"afterwards", timeout_s=30)
        eventually(lambda: "another worker has taken over" in function.log, timeout_s=30)
        load.more(200)
        load.stop()
        assert load.failures == []
        assert function.terminate() == 0


def test_new_code_that_does_not_start_leaves_the_old_serving(tmp_path: Path):
    handler = tmp_path / "handler.py"
    handler.write_text("def handle():\n    return 'before'\n")
    with running(handler, **SUPERVISED) as function:
        handler.write_text("import a_module_that_is_not_there\n")
        function.process.send_signal(signal.SIGHUP)
        eventually(lambda: "the one before it goes on serving" in function.log, timeout_s=30)
        assert said(function) == b"before"
        assert function.terminate() == 0


@BOTH
def test_an_edit_of_the_same_size_and_second_is_loaded(settings: dict[str, str], tmp_path: Path):
    handler = tmp_path / "handler.py"
    handler.write_text("def handle():\n    return 'one'\n")
    caching = {**settings, "PYTHONDONTWRITEBYTECODE": ""}
    with running(handler, **caching) as function:
        assert said(function) == b"one"
        changed = handler.stat().st_mtime_ns
        handler.write_text("def handle():\n    return 'two'\n")
        os.utime(handler, ns=(changed, changed))
        function.process.send_signal(signal.SIGHUP)
        eventually(lambda: said(function) == b"two", timeout_s=30)


@BOTH
def test_workers_are_replaced_after_so_many_calls_and_lose_none(settings: dict[str, str]):
    source = FUNCTIONS / "sync.py"
    limited = {**settings, "WHERRY_MAX_REQUESTS": "300"}
    with running(source, **limited) as function, callers(function.port) as load:
        eventually(lambda: function.log.count("the worker is replaced") >= 2, timeout_s=60)
        eventually(lambda: function.log.count("another worker has taken over") >= 2, timeout_s=60)
        load.stop()
        assert load.failures == []


@BOTH
def test_a_killed_worker_costs_no_more_than_its_calls(settings: dict[str, str]):
    source = FUNCTIONS / "sync.py"
    with running(source, **settings) as function, callers(function.port) as load:
        load.more(200)
        for _ in range(3):
            before, victim = len(load.failures), children(function.process.pid)[0]
            os.kill(victim, signal.SIGKILL)
            eventually(lambda: victim not in children(function.process.pid))  # noqa: B023
            load.more(200)
            assert len(load.failures) - before <= 8  # one call each
        assert not any("refused" in failure for failure in load.failures)
        load.stop()
        assert function.terminate() == 0


def test_the_supervisor_ends_what_does_not_end_itself():
    source = FUNCTIONS / "hostile_async.py"
    short = {"WHERRY_DRAIN_TIMEOUT": "100ms", "WHERRY_LAME_DUCK": "0s"}
    with running(source, **SUPERVISED, **short) as function:
        assert said(function, "/deaf") == b"deaf"
        assert function.terminate() == 128 + signal.SIGKILL
        assert "did not end in time and is killed" in function.log


def said(function: Running, path: str = "/") -> bytes:
    connection = Wire(function.port)
    try:
        return connection.send(get(path)).answer()[2]
    finally:
        connection.close()


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def not_ready(function: Running) -> bool:
    connection = Wire(function.port)
    try:
        return connection.send(get("/_/ready")).answer()[0] == 503
    finally:
        connection.close()


def scrape(function: Running) -> bytes:
    from urllib.request import urlopen

    with urlopen(function.metrics_url, timeout=10) as answer:
        return answer.read()


def test_a_new_connection_has_time_for_its_first_request_while_draining(wire):
    with running(FUNCTIONS / "sync.py") as function:
        used = wire(function.port).send(get("/"))
        used.answer()
        fresh = wire(function.port)
        function.process.send_signal(signal.SIGTERM)
        assert used.rest() == b""  # closed, because nothing is asked on it
        status, headers, _ = fresh.send(get("/")).answer()
        assert (status, headers[b"connection"]) == (200, b"close")


def test_what_stands_behind_a_last_answer_is_not_done(wire):
    with running(FUNCTIONS / "sync.py", WHERRY_LAME_DUCK="30s") as function:
        wire(function.port).send(get("/before")).answer()
        function.process.send_signal(signal.SIGTERM)
        eventually(lambda: wire(function.port).send(get("/readyz")).answer()[0] == 503)
        last = wire(function.port).send(get("/readyz") + get("/behind"))
        status, headers, _ = last.answer()
        assert (status, headers[b"connection"]) == (503, b"close")
        assert last.rest() == b""
        function.process.send_signal(signal.SIGTERM)  # in a hurry
        assert function.process.wait(30) == 0
        assert "/before" in function.log
        assert "/behind" not in function.log
