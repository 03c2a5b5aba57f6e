"""What a function can do to its process costs one call, and the next one is answered."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path

import pytest

from wherry.testing import Running, running

from .conftest import FUNCTIONS, Wire, eventually, get

SYNC, ASYNC = FUNCTIONS / "hostile.py", FUNCTIONS / "hostile_async.py"
SUPERVISED = {"WHERRY_SUPERVISE": "true"}
GUNICORN = {"WHERRY_WORKERS": "2"}


def answer(function: Running, path: str, *lines: str, timeout_s: float = 20.0):
    """Status, headers and body; None when the connection ended without an answer."""
    connection = Wire(function.port, timeout_s)
    try:
        return connection.send(get(path, *lines)).answer()
    except (EOFError, ConnectionError):
        return None
    finally:
        connection.close()


def worker_of(function: Running) -> int:
    """The process that answers an ordinary call."""
    got = answer(function, "/")
    assert got is not None and got[0] == 200, (got, function.log)
    return int(got[2].split()[0])


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that waits for its parent to look does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def can_bind(port: int) -> bool:
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@pytest.fixture(scope="module", params=[SYNC, ASYNC], ids=["sync", "async"])
def served(request: pytest.FixtureRequest):
    with running(request.param) as function:
        yield function


@pytest.fixture(scope="module")
def served_sync():
    with running(SYNC) as function:
        yield function


# Deaths -------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [SUPERVISED, GUNICORN], ids=["supervised", "gunicorn"])
def test_who_ends_its_process_costs_one_call(settings: dict[str, str]):
    with running(SYNC, **settings) as function:
        for deed, says in [
            ("/exit", "9"),
            ("/kill", "SIGKILL"),
            ("/segfault", "SIGSEGV"),
            ("/close-descriptors", ""),
        ]:
            assert answer(function, deed) is None
            began = time.monotonic()
            worker_of(function)
            assert time.monotonic() - began < 10
            eventually(lambda says=says: says in function.log)
        assert "in handle" in function.log or "in do_segfault" in function.log
        assert function.terminate() == 0


def test_the_supervisor_starts_another_worker():
    with running(SYNC, **SUPERVISED) as function:
        first = worker_of(function)
        assert first != function.process.pid
        assert answer(function, "/exit") is None
        assert worker_of(function) not in {first, function.process.pid}
        assert f"worker {first} ended with 9; a new one is started" in function.log


@pytest.mark.parametrize(
    ("deed", "code"),
    [("/exit", 9), ("/segfault", -signal.SIGSEGV), ("/close-descriptors", 75)],
)
def test_alone_the_process_ends_so_that_the_platform_starts_it_again(deed: str, code: int):
    with running(SYNC) as function:
        assert answer(function, deed) is None
        assert function.process.wait(20) == code


def test_async_functions_are_replaced_as_well():
    with running(ASYNC, **SUPERVISED) as function:
        first = worker_of(function)
        assert answer(function, "/exit") is None
        assert worker_of(function) != first


# Errors of every kind -----------------------------------------------------------------------


@pytest.mark.parametrize("deed", ["/bare", "/generator-exit", "/cancel"])
def test_whatever_is_raised_is_a_500(served: Running, deed: str):
    before = worker_of(served)
    got = answer(served, deed)
    assert got is not None and got[0] == 500
    assert b"secret" not in got[2]
    assert worker_of(served) == before


@pytest.mark.parametrize(
    "deed", ["/system-exit", "/interrupt", "/recursion", "/memory", "/signals", "/mess"]
)
def test_more_that_costs_one_call(served_sync: Running, deed: str):
    before = worker_of(served_sync)
    got = answer(served_sync, deed)
    assert got is not None and got[0] == (200 if deed == "/mess" else 500)
    assert worker_of(served_sync) == before


def test_a_generator_that_never_ends_is_left_when_its_reader_goes():
    with running(SYNC, WHERRY_THREADS="1", WHERRY_MAX_INFLIGHT="1") as function:
        connection = Wire(function.port)
        connection.send(get("/endless")).until(b"\r\n\r\n")
        connection.close()
        worker_of(function)  # by the only thread


def test_one_that_holds_the_interpreter_delays_the_others_and_no_more(served_sync: Running):
    slow = Wire(served_sync.port, 60)
    slow.send(get("/lock-interpreter?n=23"))
    worker_of(served_sync)
    assert slow.answer()[0] == 200
    slow.close()


def test_much_output_is_no_harm(served_sync: Running):
    # Its own process: the other has lost its standard output.
    with running(SYNC) as function:
        got = answer(function, "/shout?mib=16", timeout_s=60)
        assert got is not None and got[2] == b"shouted"
        worker_of(function)


# Forks and programs -------------------------------------------------------------------------


def test_a_child_that_comes_back_does_not_serve(served: Running, tmp_path: Path):
    note = tmp_path / "child"
    before = worker_of(served)
    complaints = served.log.count("Traceback")
    connection = Wire(served.port)
    assert connection.send(get(f"/fork?note={note}")).answer()[2] == b"forked"
    eventually(lambda: note.exists() and note.read_text())
    child = int(note.read_text())
    eventually(lambda: not is_alive(child))
    # The connection has had one answer and is as usable as before.
    assert connection.send(get("/")).answer()[2].split()[0] == str(before).encode()
    connection.close()
    for _ in range(20):
        assert worker_of(served) == before
    assert served.log.count("Traceback") == complaints


def test_neither_a_child_nor_a_program_keeps_the_port(tmp_path: Path):
    left: list[int] = []
    with running(SYNC, WHERRY_METRICS_PORT="off") as function:
        port = function.port
        for deed in (f"/fork-and-stay?note={tmp_path / 'child'}", "/program"):
            got = answer(function, deed)
            assert got is not None and got[0] == 200
            left.append(int(got[2]))
        assert function.terminate() == 0
    try:
        assert all(is_alive(each) for each in left)
        assert can_bind(port)
    finally:
        for each in left:
            os.kill(each, signal.SIGKILL)


# Threads ------------------------------------------------------------------------------------


def test_threads_that_a_function_leaves_do_not_hold_up_the_end():
    with running(SYNC) as function:
        got = answer(function, "/leak-threads?n=50")
        assert got is not None and got[2] == b"leaked"
        began = time.monotonic()
        assert function.terminate() == 0
        assert time.monotonic() - began < 10
        assert "ends without its threads" in function.log


STUCK = {"WHERRY_TIMEOUT": "300ms", "WHERRY_THREADS": "4", "WHERRY_MAX_INFLIGHT": "4"}


@pytest.mark.parametrize("name", [SYNC, ASYNC], ids=["sync", "async"])
def test_a_worker_with_too_many_stuck_calls_is_replaced(name: Path):
    with running(name, **SUPERVISED, **STUCK) as function:
        first = worker_of(function)
        stuck = [Wire(function.port) for _ in range(2)]
        for each in stuck:
            each.send(get("/hold"))
        assert [each.answer()[0] for each in stuck] == [504, 504]
        eventually(lambda: worker_of(function) != first)
        eventually(lambda: not is_alive(first), timeout_s=20)
        assert "2 of 4 calls that may run at once are stuck in" in function.log
        assert f"at {name}:" in function.log
        assert "in do_hold" in function.log
        for each in stuck:
            each.close()
        assert function.terminate() == 0


def test_gunicorn_replaces_it_too():
    with running(SYNC, **GUNICORN, **STUCK) as function:
        holding = [Wire(function.port) for _ in range(8)]
        for each in holding:
            each.send(get("/hold"))
        assert {each.answer()[0] for each in holding} == {504}
        eventually(lambda: function.log.count("is ready on") >= 3, timeout_s=30)
        worker_of(function)
        for each in holding:
            each.close()


def test_alone_it_ends_with_a_code_of_its_own():
    with running(SYNC, **STUCK) as function:
        for _ in range(2):
            got = answer(function, "/deadlock")
            assert got is not None and got[0] == 504
        assert function.process.wait(20) == 75


def test_a_caller_cannot_have_workers_replaced_by_shortening_his_own_time():
    with running(SYNC, **SUPERVISED, WHERRY_THREADS="2") as function:
        first = worker_of(function)
        got = answer(function, "/hold", "X-Timeout: 100ms")
        assert got is not None and got[0] == 504
        with pytest.raises(AssertionError):
            eventually(lambda: "stuck" in function.log, timeout_s=2)
        assert worker_of(function) == first


def test_stuck_calls_are_counted(served_sync: Running):
    from urllib.request import urlopen

    with running(SYNC, **STUCK, WHERRY_MAX_STUCK="0") as function:
        got = answer(function, "/hold")
        assert got is not None and got[0] == 504
        eventually(lambda: "is stuck for" in function.log)
        with urlopen(function.metrics_url, timeout=10) as scraped:
            text = scraped.read().decode()
        assert 'wherry_requests_stuck{function="hostile"} 1.0' in text
