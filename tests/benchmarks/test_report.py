"""What a page says of speed is what was measured; the table, the goals and the plot agree."""

from xml.etree import ElementTree as ET

import pytest
from benchmarks.serving import goals, plot, publication, report
from benchmarks.serving.figures import ColdStart, Memory

from .runs import results, series


@pytest.fixture
def run():
    return results(
        series("wherry", 1000, 1200, p99_ms=1.0),
        series("functions-framework", 100, 100, p99_ms=20.0),
        series("nginx", 2000, 2400),
        series("wherry", 3040, 3040, workload="blocking-10ms", ideal_per_s=3200),
        series("pool-alone", 3100, 3100, workload="blocking-10ms", ideal_per_s=3200),
        ColdStart(handler="event", peer="wherry", runs_ms=[80.0, 90.0]),
        ColdStart(handler="event", peer="functions-framework", runs_ms=[160.0, 200.0]),
        Memory(workers=1, peer="wherry", runs_mb=[25.0]),
        Memory(workers=1, peer="functions-framework", runs_mb=[50.0]),
    )


def test_the_words_quote_the_run(run):
    said = publication.said(run)
    assert "| requests answered with text, from `flask.Request` | 11.0 |" in said
    assert "| p99 of text, 32 clients | 0.05 |" in said
    assert "| cold start of an event handler | 0.47 |" in said
    assert "| **wherry** | 1,100 |  |  | 95.0% | 85 / - | 25 |" in said
    assert "nginx was absent: nginx is not installed" in said
    assert "2026-03-01" in said and "2 cores of a chip" in said


def test_the_table_has_every_measure_with_its_ratio(run):
    said = report.table(run)
    assert "11.0 (10.0 to 12.0) times; p99 0.05" in said
    assert "95.0% of the ideal" in said
    assert "96.9% of the ideal  0.98 (0.98 to 0.98) times" in said
    assert [line.split()[-3:] for line in said.splitlines() if line.startswith("event")] == [
        ["85.0", "80.0", "90.0"],
        ["180.0", "160.0", "200.0"],
    ]


def test_a_goal_is_judged_by_the_median(run):
    found = {each.goal.what: each.is_reached for each in goals.judged(run)}
    assert found == {
        "text: times functions-framework": False,
        "p99 at 32 clients: part of functions-framework": True,
        "10 ms blocking: part of the ideal, 32 calls in 10 ms": True,
        "10 ms blocking: part of 32 threads that only sleep": True,
        "cold start, event: part of functions-framework": False,
        "memory, 1 workers: part of functions-framework": True,
    }
    assert "NOT REACHED" in report.table(run)


def test_the_plot_is_xml_with_bars_to_scale(run):
    drawn = ET.fromstring(plot.svg(run))
    name = "{http://www.w3.org/2000/svg}"
    widths = {
        rect.get("class"): float(rect.get("width")) for rect in list(drawn.iter(f"{name}rect"))[:3]
    }
    assert widths["limit"] == pytest.approx(2 * widths["subject"], rel=0.01)
    assert widths["subject"] == pytest.approx(11 * widths["peer"], rel=0.01)
    words = [text.text for text in drawn.iter(f"{name}text")]
    assert {"1,100", "2,200", "functions-framework"} <= set(words)
    assert "prefers-color-scheme: dark" in plot.svg(run)
