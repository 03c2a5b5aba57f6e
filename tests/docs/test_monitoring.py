"""Dashboard and alerts speak of metrics and labels that a server really has."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from wherry.testing import running

ROOT = Path(__file__).resolve().parents[2]
DASHBOARD = ROOT / "docs/monitoring/dashboard.json"
ALERTS = ROOT / "docs/monitoring/alerts.yaml"
PAGE = (ROOT / "docs/observability.md").read_text()
GIVEN_BY_SCRAPE = {"instance", "job", "le", "worker"}
WORDS = {"by", "on", "and", "or", "unless", "group_left", "without", "ignoring"}
NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return found


def rules() -> list[dict[str, Any]]:
    return [
        rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]
    ]


def expressions() -> Iterator[str]:
    for panel in panels():
        for target in panel.get("targets", []):
            yield target["expr"]
    for rule in rules():
        yield rule["expr"]


def names_in(expression: str) -> tuple[set[str], set[str]]:
    """The metrics and the labels that an expression names."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    bare = re.sub(r"\[[^\]]*\]", "", bare)
    labels: set[str] = set()
    for matchers in re.findall(r"\{([^}]*)\}", bare):
        labels |= set(re.findall(r"(\w+)\s*=~?", matchers))
    for listed in re.findall(r"\b(?:by|on|group_left)\s*\(([^)]*)\)", bare):
        labels |= set(NAME.findall(listed))
    bare = re.sub(r"\{[^}]*\}|\b(?:by|on|group_left)\s*\([^)]*\)", " ", bare)
    metrics = {
        found[0]
        for found in NAME.finditer(bare)
        if not bare[found.end() :].lstrip().startswith("(") and found[0] not in WORDS
    }
    return metrics, labels


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[str], set[str]]:
    """Names of all samples and labels that a server shows."""
    from urllib.request import urlopen

    folder = tmp_path_factory.mktemp("hello")
    (folder / "handler.py").write_text("def handle(request):\n    return 'hello'\n")
    with running(folder) as function:
        text, until = "", time.monotonic() + 10
        while "http_requests_total{" not in text:  # a call is counted just after its answer
            function.invoke()
            with urlopen(function.metrics_url, timeout=10) as answer:
                text = answer.read().decode()
            assert time.monotonic() < until
    names, labels = set(), set()
    for family in text_string_to_metric_families(text):
        names.add(f"{family.name}_total" if family.type == "counter" else family.name)
        for sample in family.samples:
            names.add(sample.name)
            labels |= sample.labels.keys()
    return names, labels


def test_names_are_found_where_they_stand():
    expression = 'sum by (le, a) (rate(m_bucket{b=~"x.."}[5m])) / on (c) group_left (d) n > 0.05'
    assert names_in(expression) == ({"m_bucket", "n"}, {"le", "a", "b", "c", "d"})


@pytest.mark.parametrize("expression", list(expressions()))
def test_every_metric_and_label_is_one_that_a_server_has(expression, scraped):
    metrics, labels = names_in(expression)
    assert metrics
    assert metrics <= scraped[0]
    assert labels <= scraped[1] | GIVEN_BY_SCRAPE


def test_the_dashboard_is_one_that_grafana_can_read():
    dashboard = json.loads(DASHBOARD.read_text())
    assert dashboard["schemaVersion"] >= 36 and dashboard["title"] and dashboard["uid"]
    variables = {each["name"] for each in dashboard["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", DASHBOARD.read_text()))
    assert {name for name in used if not name.startswith("__")} == variables
    ids = [panel["id"] for panel in panels()]
    assert len(ids) == len(set(ids))
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
        if panel["type"] != "row":
            assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
            assert panel["description"]
            references = [target["refId"] for target in panel["targets"]]
            assert len(references) == len(set(references)) > 0


def test_most_metrics_are_on_the_dashboard():
    from wherry.metrics.catalogue import CATALOGUE

    shown = set().union(*(names_in(each)[0] for each in expressions()))
    shown |= {name.removesuffix("_bucket") for name in shown}
    assert [entry.shown for entry in CATALOGUE if entry.shown not in shown] == []


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_every_alert_says_what_it_wants(rule):
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert page == "docs/observability.md" and anchor == rule["alert"].lower()
    section = PAGE.partition(f"### {rule['alert']}\n")[2].partition("\n#")[0]
    assert len(section) > 200


def test_every_runbook_is_of_an_alert():
    wanted = PAGE.partition("## What an alert wants of you")[2]
    assert re.findall(r"^### (\w+)$", wanted, re.MULTILINE) == [rule["alert"] for rule in rules()]


@pytest.mark.interop
@pytest.mark.parametrize(
    "check", [("check", "rules", str(ALERTS)), ("test", "rules", "alerts_test.yaml")]
)
def test_prometheus_own_tool_agrees(check):
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed; see tests/interop/tools.sh")
    done = subprocess.run(
        [promtool, *check],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
