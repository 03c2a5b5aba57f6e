"""Clients that take their time cost a connection each, and nobody else anything."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from wherry.testing import Running, running

FUNCTIONS = Path(__file__).resolve().parent.parent / "functions_data" / "serving"
WINDOWS = 5
DEADLINE_S = 2.0
# A call that has to wait for a slow one waits for its deadline; what is under half of that waited
# for the machine. How much is printed: a time that a busy machine gives is shown, not asserted.
WAITED_S = DEADLINE_S / 2
# A sweep every half second, and a busy machine.
GRACE_S = 3.0


@contextmanager
def descriptors(wanted: int) -> Iterator[None]:
    """Let this process and those that it starts have as many descriptors as the test needs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"the system allows {hard} descriptors, the test needs {wanted}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def p99_s(function: Running, seconds: float) -> float:
    """Of ordinary requests, one after the other: the median over windows of each one's p99."""
    found = []
    with closing(HTTPConnection("127.0.0.1", function.port, timeout=20)) as kept:
        for _ in range(WINDOWS):
            until = time.monotonic() + seconds / WINDOWS
            times: list[float] = []
            while time.monotonic() < until:
                began = time.perf_counter()
                if len(times) % 4:
                    ask(kept)
                else:
                    with closing(HTTPConnection("127.0.0.1", function.port, timeout=20)) as new:
                        ask(new)
                times.append(time.perf_counter() - began)
                time.sleep(0.001)  # a pace, not a wait
            found.append(sorted(times)[int(len(times) * 0.99)])
    return statistics.median(found)


def threads(function: Running) -> int:
    """Threads of the server and its workers; 0 where the system does not say."""
    processes = Path("/proc")
    if not (processes / "self/task").is_dir():
        return 0
    family = [function.process.pid]
    for pid in family:
        for children in processes.glob(f"{pid}/task/*/children"):
            family += [int(child) for child in children.read_text().split()]
    return sum(len(list(processes.glob(f"{pid}/task/*"))) for pid in family)


def ask(connection: HTTPConnection) -> None:
    connection.request("GET", "/ordinary")
    with connection.getresponse() as answer:
        assert answer.status == 200
        answer.read()


def hold_out(headers: int, bodies: int, readers: int, *, seconds: float) -> None:
    deadline = f"{DEADLINE_S}s"
    times = {
        "WHERRY_HEAD_TIMEOUT": deadline,
        "WHERRY_BODY_TIMEOUT": deadline,
        "WHERRY_WRITE_TIMEOUT": deadline,
    }
    script = Path(__file__).with_name("slow_clients.py")
    with running(FUNCTIONS / "sync.py", **times) as function:
        p99_s(function, 0.5)
        before = p99_s(function, seconds / 2)
        threads_before = threads(function)
        numbers = [str(each) for each in (function.port, headers, bodies, readers)]
        with subprocess.Popen(
            [sys.executable, str(script), *numbers, str(seconds + 1)], stdout=subprocess.PIPE
        ) as crowd:
            assert crowd.stdout is not None
            connected = json.loads(crowd.stdout.readline())["connected"]
            during = p99_s(function, seconds)
            report = json.loads(crowd.stdout.readline())
        times_unloaded = f"{during / before:.1f} times as much"
        print(f"p99 {before * 1000:.2f} ms before, {during * 1000:.2f} during, {times_unloaded}")
        assert connected == headers + bodies + readers
        assert during < WAITED_S
        # The pool may have been filled meanwhile; a thread for each slow one would be many more.
        assert threads(function) - threads_before < connected / 4
        assert report["left"] == 0
        for kind, number in (("headers", headers), ("bodies", bodies), ("readers", readers)):
            borne = report["borne"][kind]
            assert len(borne) >= number
            print(f"{len(borne)} {kind} borne {min(borne):.2f} to {max(borne):.2f} s")
            assert min(borne) > DEADLINE_S * 0.9 and max(borne) < DEADLINE_S + GRACE_S, kind
        assert set(report["statuses"]) <= {"headers 408", "bodies 408", "readers reset"}
        assert "Traceback" not in function.log


@pytest.mark.timeout(120)
def test_a_few_slow_clients():
    with descriptors(1024):
        hold_out(60, 60, 20, seconds=2.5)


@pytest.mark.hardening
@pytest.mark.timeout(300)
def test_many_slow_clients():
    with descriptors(4096):
        hold_out(400, 400, 50, seconds=20.0)
