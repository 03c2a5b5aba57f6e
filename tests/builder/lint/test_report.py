"""The four forms that findings are shown in."""

import importlib
import json
from pathlib import Path

import pytest

from wherry_build.lint.finding import Finding, Severity
from wherry_build.lint.run import all_rules

ERROR = Finding(
    rule="K8S001",
    severity=Severity.ERROR,
    path="deploy/a b.yaml",
    line=3,
    column=5,
    subject="Deployment shop/orders",
    message="got 100%, expected:\nless",
    hint="take away, some",
    is_fixable=True,
)
WARNING = Finding(
    rule="K8S014",
    severity=Severity.WARNING,
    path="deploy/b,c:d.yaml",
    line=1,
    column=1,
    subject="",
    message="got none",
)


def report(form, findings):
    module = importlib.import_module(f"wherry_build.lint.report.{form}")
    return module.report(findings, all_rules(), 2)


def test_text():
    assert report("text", [WARNING, ERROR]).splitlines() == [
        "deploy/b,c:d.yaml:1:1: warning K8S014 got none",
        "deploy/a b.yaml:3:5: error K8S001 Deployment shop/orders: got 100%, expected:",
        "less",
        "    take away, some",
        "1 error, 1 warning in 2 files; --fix may put 1 right",
    ]
    assert report("text", []) == "nothing found in 2 files"


def test_json():
    told = json.loads(report("json", [ERROR]))
    assert (told["files"], told["errors"], told["warnings"]) == (2, 1, 0)
    assert told["findings"][0] == {
        "rule": "K8S001",
        "severity": "error",
        "path": "deploy/a b.yaml",
        "line": 3,
        "column": 5,
        "subject": "Deployment shop/orders",
        "message": "got 100%, expected:\nless",
        "hint": "take away, some",
        "fixable": True,
    }


def test_github_escapes_what_would_end_a_command():
    assert report("github", [ERROR, WARNING]).splitlines() == [
        (
            "::error file=deploy/a b.yaml,line=3,col=5,title=K8S001::Deployment shop/orders: "
            "got 100%25, expected:%0Aless%0Atake away, some"
        ),
        "::warning file=deploy/b%2Cc%3Ad.yaml,line=1,col=1,title=K8S014::got none",
    ]
    assert report("github", []) == ""


def test_sarif():
    log = json.loads(report("sarif", [WARNING, ERROR]))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["K8S001", "K8S014"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
    location = run["results"][1]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "deploy/a%20b.yaml"
    assert location["region"] == {"startLine": 3, "startColumn": 5}
    assert [result["level"] for result in run["results"]] == ["warning", "error"]


def test_sarif_of_an_absolute_path_and_of_nothing():
    here = Path(__file__).resolve()
    finding = Finding(
        rule="K8S014", severity=Severity.WARNING, path=str(here), line=1, column=1, subject="",
        message="got none",
    )  # fmt: skip
    (result,) = json.loads(report("sarif", [finding]))["runs"][0]["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == here.as_uri()
    assert json.loads(report("sarif", []))["runs"][0]["results"] == []


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_every_form_shows_every_rule(form):
    findings = [
        Finding(rule=rule.id, severity=rule.severity, path="a", line=1, column=1, subject="",
                message=rule.summary)
        for rule in all_rules().values()
    ]  # fmt: skip
    shown = report(form, findings)
    assert all(rule in shown for rule in all_rules())
