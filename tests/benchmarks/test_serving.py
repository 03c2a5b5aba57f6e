"""The benchmark checks before it measures, and its arithmetic is right."""

import contextlib
import http.server
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from benchmarks.serving import peers, report, workloads
from benchmarks.serving.load import Figures

ROOT = Path(__file__).resolve().parents[2]


def series(peer, *per_s, workload="http"):
    runs = [Figures(per_s=each, p50_ms=1.0, p99_ms=2.0, faults=0) for each in per_s]
    return report.Series(workload=workload, peer=peer, runs=runs)


@contextlib.contextmanager
def answering(status, body):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the standard library names it

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


WORKLOADS = {each.name: each for each in workloads.WORKLOADS}


def test_a_ratio_is_taken_within_each_round():
    found = report.ratio(series("wherry", 1000, 400, 900), series("other", 100, 50, 100))
    assert (found.median, found.least, found.most) == (9.0, 8.0, 10.0)


def test_the_table_names_every_peer_with_its_ratio():
    text = report.table([series("wherry", 1000, 1200), series("other", 100, 100)], "wherry")
    ours, theirs = text.splitlines()[1:]
    assert ours.split()[:3] == ["http", "wherry", "1,100"]
    assert "11.0 times (10.0 to 12.0)" in theirs


def test_the_document_is_json_with_every_run():
    found = report.document([series("wherry", 10, 20), series("other", 5, 5)], "wherry", {})
    parsed = json.loads(json.dumps(found))
    assert [len(each["runs"]) for each in parsed["series"]] == [2, 2]
    assert parsed["series"][1]["times"] == {"median": 3.0, "least": 2.0, "most": 4.0}


@pytest.mark.parametrize(
    ("name", "status", "body", "fault"),
    [
        ("http", 200, b"hello wherry\n", ""),
        ("http", 200, b"hello\n", "expected 200"),
        ("http", 500, b"hello wherry\n", "expected 200"),
        ("event-binary", 503, b"", "expected 2xx"),
        ("event-structured", 204, b"", "does not read it"),
    ],
)
def test_a_wrong_answer_is_found_before_it_is_measured(name, status, body, fault):
    with answering(status, body) as port:
        assert fault in WORKLOADS[name].fault(port)
        assert bool(WORKLOADS[name].fault(port)) == bool(fault)


def test_every_peer_has_its_requirements_pinned():
    for peer in peers.PEERS:
        if not peer.requirements:
            continue
        lines = (peers.HERE / "peers" / peer.requirements).read_text().splitlines()
        assert all("==" in line for line in lines if not line.startswith("#")), peer.requirements


def test_every_workload_is_answered_by_wherry_and_by_another():
    for workload in workloads.WORKLOADS:
        able = [peer.name for peer in peers.PEERS if workload.app in peer.commands]
        assert "wherry" in able
        assert len(able) > 1


def test_wherry_answers_every_workload_rightly():
    """The benchmark's own check, on the real server."""
    command = [sys.executable, "-m", "benchmarks.serving", "--check", "--peers", "wherry"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )
    assert (done.returncode, done.stdout) == (0, "every answer is right\n"), done.stderr
