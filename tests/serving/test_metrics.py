"""What Prometheus reads: names, labels, sums over workers and their replacements."""

from __future__ import annotations

import os
import random
import re
import signal
import string
import threading
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from wherry.testing import Running, Sink, running

from .conftest import FUNCTIONS, Wire, eventually, get


def scrape(function: Running, accept: str = "") -> str:
    request = Request(function.metrics_url, headers={"Accept": accept} if accept else {})
    with urlopen(request, timeout=10) as answer:
        return answer.read().decode()


def total(text: str, name: str = "http_requests_total", **labels: str) -> float:
    found = 0.0
    for line in text.splitlines():
        match = re.fullmatch(rf"{name}(?:{{(.*)}})? (\S+)", line)
        if match and all(f'{k}="{v}"' in (match[1] or "") for k, v in labels.items()):
            found += float(match[2])
    return found


def scrape_after(function: Running, calls: float, accept: str = "") -> str:
    """What is shown when so many calls are counted, which each is just after its answer."""
    shown = [""]

    def has_counted() -> bool:
        shown[0] = scrape(function, accept)
        return total(shown[0]) >= calls

    eventually(has_counted)
    return shown[0]


def test_counts_by_code_and_method_as_of_watchdog_does(wire):
    with running(FUNCTIONS / "sync.py") as function:
        connection = wire(function.port)
        for path in ("/a", "/b", "/fail", "/_/health"):
            connection.send(get(path)).answer()
        text = scrape_after(function, 3)
        assert total(text, code="200", method="get") == 2
        assert total(text, code="500", method="get") == 1
        assert total(text, "http_request_duration_seconds_count", code="200") == 2
        row = 'bucket{code="200",function="sync",le="+Inf",method="get"} 2.0'
        assert f"http_request_duration_seconds_{row}" in text
        assert total(text, "http_requests_in_flight") == 0
        assert 'wherry_function_info{function="sync"' in text
        assert "process_resident_memory_bytes" in text


def test_open_metrics_when_asked(wire):
    with running(FUNCTIONS / "sync.py") as function:
        wire(function.port).send(get()).answer()
        assert scrape(function, "application/openmetrics-text").endswith("# EOF\n")


def test_nothing_else_is_on_that_port():
    with running(FUNCTIONS / "sync.py") as function:
        with pytest.raises(HTTPError) as refused:
            urlopen(function.metrics_url.replace("/metrics", "/other"), timeout=10)
        assert refused.value.code == 404
        refused.value.close()


def test_callers_cannot_make_series(wire):
    with running(FUNCTIONS / "sync.py") as function:
        connection = wire(function.port)
        connection.send(get()).answer()
        eventually(lambda: "http_requests_total{" in scrape(function))
        before = scrape(function).count("http_requests_total{")
        for number, method in enumerate(["PROPFIND", "MKCOL", "LOCK", "REPORT"] * 10):
            request = get(f"/p{number}?q={number}").replace(b"GET", method.encode(), 1)
            assert connection.send(request).answer()[0] == 200
        assert scrape_after(function, 41).count("http_requests_total{") <= before + 1


def test_sums_are_right_across_workers_and_their_replacement():
    with running(FUNCTIONS / "sync.py", WHERRY_WORKERS="2") as function:
        call(function, 200)
        eventually(lambda: total(scrape(function)) == 200)
        eventually(lambda: len(children(function.process.pid)) == 2)
        for worker in children(function.process.pid):
            os.kill(worker, signal.SIGKILL)
        eventually(lambda: answers(function))
        call(function, 99)
        eventually(lambda: total(scrape(function)) == 300)
        eventually(lambda: total(scrape(function), "http_requests_in_flight") == 0)


def call(function: Running, times: int) -> None:
    def some(count: int) -> None:
        for _ in range(count):
            connection = Wire(function.port)
            connection.send(get()).answer()
            connection.close()

    threads = [threading.Thread(target=some, args=(times // 3,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    some(times - times // 3 * 3)


def answers(function: Running) -> bool:
    connection = Wire(function.port)
    try:
        return connection.send(get()).answer()[0] == 200
    except (OSError, EOFError):
        return False
    finally:
        connection.close()


def children(parent: int) -> list[int]:
    found = []
    if not os.path.isdir("/proc"):
        pytest.skip("the system has no /proc to find workers in")
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as stat:
                    fields = stat.read().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == parent:
                found.append(int(entry))
    return found


def test_ten_thousand_methods_and_paths_make_one_series():
    chance = random.Random(7)
    with running(FUNCTIONS / "sync.py", WHERRY_ACCESS_LOG="off") as function:
        connection = Wire(function.port)
        connection.send(get()).answer()
        before = series(scrape_after(function, 1))
        names = ["PROPFIND", "MKCOL", "LOCK", "REPORT", "SEARCH", "UNLOCK", "COPY", "MOVE"]
        for _ in range(100):
            requests = [
                get("/" + "".join(chance.choices(string.ascii_letters, k=9))).replace(
                    b"GET", chance.choice(names).encode(), 1
                )
                for _ in range(100)
            ]
            connection.send(b"".join(requests))
            assert {connection.answer()[0] for _ in requests} == {200}
        connection.close()
        text = scrape_after(function, 10_001)
        assert total(text, method="other") == 10_000
        new = series(text) - before
        assert {line for line in new if 'method="other"' not in line} == set()


def series(text: str) -> set[str]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {line.rpartition(" ")[0] for line in lines}


def test_what_operators_ask_for(wire):
    settings = {"WHERRY_THREADS": "1", "WHERRY_MAX_QUEUE": "0", "WHERRY_TIMEOUT": "300ms"}
    with running(FUNCTIONS / "sync.py", **settings) as function:
        slow = wire(function.port).send(get("/sleep?s=1.5"))
        eventually(lambda: total(scrape(function), "http_requests_in_flight") == 1)
        assert wire(function.port).send(get()).answer()[0] == 503
        assert slow.answer()[0] == 504
        text = scrape(function)
        assert total(text, "wherry_requests_refused_total") == 1
        assert total(text, "wherry_requests_late_total") == 1
        assert total(text, "wherry_requests_abandoned_total") == 1
        assert total(text, "wherry_connections") >= 1
        assert 0 < total(text, "wherry_start_seconds") < 30
        assert total(text, "wherry_build_info", implementation="CPython") == 1


def test_what_became_of_emitted_events(wire, tmp_path):
    (tmp_path / "handler.py").write_text(
        "from wherry import Context, EmitError, http\n"
        "@http\n"
        "def handle(request, context: Context):\n"
        "    try:\n"
        "        context.emit(type=request.args['type'])\n"
        "    except EmitError:\n"
        "        return 'lost'\n"
        "    return 'taken'\n"
    )
    with Sink() as sink, running(tmp_path, K_SINK=sink.url) as function:
        assert function.invoke(path="/?type=a").text == "taken"
        sink.statuses = [400]
        assert function.invoke(path="/?type=b").text == "lost"
        text = scrape(function)
        assert total(text, "wherry_events_emitted_total") == 1
        assert total(text, "wherry_events_lost_total") == 1


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_bucket_names_a_sampled_trace_to_those_who_ask(wire, workers):
    def of(trace: str, flags: str) -> str:
        return f"traceparent: 00-{trace * 32}-{'b' * 16}-{flags}"

    with running(FUNCTIONS / "sync.py", WHERRY_WORKERS=workers) as function:
        connection = wire(function.port)
        for trace, flags in (("a", "01"), ("c", "00"), ("d", "00")):
            connection.send(get("/", of(trace, flags))).answer()
        connection.send(get("/sleep?s=0.03", of("e", "01"))).answer()
        scrape_after(function, 4)
        for _ in range(4):
            text = scrape(function, "application/openmetrics-text; version=1.0.0")
            found = re.findall(r'le="([^"]+)".* # {(.*?)} (\S+) (\S+)$', text, re.MULTILINE)
            named = {re.search('trace_id="(.)', labels)[1]: le for le, labels, _, _ in found}
            assert set(named) == {"a", "e"}
            assert float(named["e"]) >= 0.05
            assert all(float(seconds) <= float(le) for le, _, seconds, _ in found)
            assert "trace_id" not in scrape(function)
