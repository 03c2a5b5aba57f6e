"""A soak sees what grows and what is answered wrongly, and the page quotes the published run."""

import asyncio
import dataclasses
import socket
import socketserver
import threading
import xml.etree.ElementTree as ET
from random import Random

import pytest
from benchmarks.soak import plot, publication, report, requests, vitals
from benchmarks.soak.figures import Results, Run, Sample
from benchmarks.soak.hostile import MALFORMED, malformed
from benchmarks.soak.load import MISBEHAVING, Load
from benchmarks.soak.run import complaints, soak
from benchmarks.soak.verdict import BOUNDS, growth_bytes_per_turn, is_flat, judged
from benchmarks.soak.vitals import Vitals

SAMPLES = 90
needs_proc = pytest.mark.skipif(not vitals.is_available(), reason="the system tells too little")
HELD = Vitals(
    rss_mb=60.0,
    pss_mb=50.0,
    own_mb=40.0,
    threads=10,
    descriptors=46,
    connections=29,
    series=497,
    log_bytes=0,
    files=1,
)
AT_REST = dataclasses.replace(HELD, descriptors=17, connections=0)


def sample(number, **vitals_of_it):
    seen = dataclasses.replace(HELD, log_bytes=number * 1000 * 200, **vitals_of_it)
    return Sample(at_s=number * 10.0, sent=number * 1000, p50_ms=1.0, p99_ms=9.0, vitals=seen)


def run_of(samples, **members):
    whole = {
        "version": "wherry 1",
        "workers": 1,
        "seconds": 900.0,
        "samples": samples,
        "sent": {"text": 90_000},
        "failed": 0,
        "mishandled": 0,
        "faults": [],
        "complaints": [],
        "before": AT_REST,
        "after": AT_REST,
        "exit_code": 0,
    }
    return Run(**{**whole, **members})


@pytest.fixture
def flat():
    return run_of([sample(number) for number in range(1, SAMPLES + 1)])


def results_of(*runs):
    facts = {"date": "2026-03-01", "processor": "2 cores of a chip", "python": "3.11.7"}
    return Results(circumstances=facts, runs=list(runs))


@needs_proc
def test_a_short_run(tmp_path):
    told = []
    run = soak(workers=1, seconds=5, interval_s=0.5, told=told.append)
    assert is_flat(run), report.table(results_of(run)) + "\n".join(told)
    kinds = {make(Random(1)).kind for make in requests.MIX}
    assert kinds | {"probe"} | set(MISBEHAVING) == set(run.sent)
    assert len(run.samples) >= 5
    last = run.samples[-1]
    assert last.vitals.connections > 10 and last.vitals.descriptors > run.before.descriptors
    assert last.vitals.own_mb < last.vitals.pss_mb < last.vitals.rss_mb
    assert last.vitals.log_bytes > run.before.log_bytes
    written = tmp_path / "run.json"
    results_of(run).write(written)
    assert Results.read(written) == results_of(run)


def test_what_is_flat_is_flat(flat):
    assert is_flat(flat)
    assert growth_bytes_per_turn(flat) == 0
    assert len(judged(flat)) > len(BOUNDS)


@pytest.mark.parametrize("bound", BOUNDS, ids=lambda bound: bound.measure)
def test_what_grows_is_seen(flat, bound):
    """A tenth more in the last third, which is what a slow leak of any of them comes to."""
    middle = getattr(HELD, bound.measure)
    more = type(middle)(middle * 1.1 + 2)
    samples = [
        sample(number, **({bound.measure: more} if number > SAMPLES * 2 / 3 else {}))
        for number in range(1, SAMPLES + 1)
    ]
    wrong = [each.what for each in judged(run_of(samples)) if not each.is_kept]
    assert wrong == [bound.what]


def test_an_object_left_by_each_turn_is_seen():
    samples = [sample(n, own_mb=40 + n * 1000 * 64 / 1e6) for n in range(1, SAMPLES + 1)]
    run = run_of(samples)
    assert growth_bytes_per_turn(run) == pytest.approx(64)
    assert [each.what for each in judged(run) if not each.is_kept] == ["memory of its own"]


@pytest.mark.parametrize(
    "members",
    [
        {"failed": 1},
        {"mishandled": 1},
        {"sent": {}},
        {"complaints": ["Traceback"]},
        {"exit_code": 1},
        {"after": dataclasses.replace(AT_REST, connections=1)},
        {"after": dataclasses.replace(AT_REST, descriptors=19)},
        {"after": dataclasses.replace(AT_REST, files=2)},
    ],
    ids=repr,
)
def test_what_is_wrong_at_any_time_is_seen(flat, members):
    assert not is_flat(dataclasses.replace(flat, **members))


def test_a_longer_log_for_each_turn_is_seen():
    samples = [sample(number) for number in range(1, SAMPLES + 1)]
    for number in range(SAMPLES * 2 // 3, SAMPLES):
        seen = samples[number].vitals
        more = dataclasses.replace(seen, log_bytes=number * 1000 * 400)
        samples[number] = dataclasses.replace(samples[number], vitals=more)
    assert [each.what for each in judged(run_of(samples)) if not each.is_kept] == [
        "log for each turn"
    ]


def test_only_the_raising_function_may_complain():
    raised = '{"level":"error","function":"fails","message":"the function failed: LookupError"}'
    other = '{"level":"error","function":"text","message":"the function failed: LookupError"}'
    lines = ['{"level":"info","message":"ready"}', raised, other, "Traceback (most recent"]
    assert complaints(lines) == [other, "Traceback (most recent"]


class Agreeable(socketserver.StreamRequestHandler):
    """A server that answers anything with 200, once."""

    def handle(self):
        self.request.recv(1 << 20)
        self.request.sendall(
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nwell"
        )


def test_a_server_that_answers_anything_with_200_is_found_out():
    async def asked(port):
        load = Load(port, 1.0)
        await load.run(0.5)
        return load.tally, [await malformed(port, Random(number)) for number in range(20)]

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Agreeable) as server:
        server.handle_error = lambda *_: None  # callers that leave are part of the load
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            tally, judged_so = asyncio.run(asked(server.server_address[1]))
        finally:
            server.shutdown()
            thread.join()
    assert tally.failed > 20
    assert any(fault.endswith("expected 200") for fault in tally.faults)
    assert any("expected 4" in fault for fault in tally.faults)
    assert any(each.endswith("answered 200") for each in judged_so)


def test_connections_are_those_of_the_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            assert vitals._connections(port) == 1


def test_malformed_requests_are_many():
    assert len(MALFORMED) > 30


def test_the_picture_has_a_line_for_each_run_and_panel(flat):
    two = dataclasses.replace(flat, workers=2, seconds=600.0)
    drawn = ET.fromstring(plot.svg(results_of(flat, two)))
    lines = list(drawn.iter("{http://www.w3.org/2000/svg}polyline"))
    assert len(lines) == 2 * len(plot.PANELS)
    assert len(lines[0].get("points").split()) == SAMPLES
    assert "prefers-color-scheme: dark" in plot.svg(results_of(flat))


def test_the_words_quote_the_run(flat):
    said = publication.said(results_of(flat, dataclasses.replace(flat, workers=2, failed=3)))
    assert "**One process alone, 15 minutes** (wherry 1): 90,000 turns, 100 a second." in said
    assert "\n3 ordinary requests failed" in said and "NOT" in said
    assert "| threads | 10 | 10 | 11 |" in said


def test_the_published_runs_stayed_within_their_bounds():
    published = publication.PUBLICATION.committed()
    assert published is None or all(is_flat(run) for run in published.runs)
