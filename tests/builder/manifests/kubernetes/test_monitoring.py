"""What Prometheus's operator is given: every pod once, and the alerts that the docs explain."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from wherry.metrics.catalogue import CATALOGUE
from wherry.variables import VARIABLES
from wherry_build.manifests import Mesh
from wherry_build.manifests.emission import PodAddition, PodPort
from wherry_build.manifests.kubernetes.alerts import ALERTS

DOCS = Path(__file__).resolve().parents[4] / "docs"
TWO = "{namespace: fns, functions: {hello: {revisions: {v1: {percent: 90}, v2: {percent: 10}}}}}"
OF_PROMETHEUS = {"process_open_fds", "process_max_fds"}


def test_nothing_of_it_unless_asked_for(objects):
    kinds = {kind for kind, _ in objects(TWO)}
    assert not kinds & {"ServiceMonitor", "PrometheusRule"}


TAGGED = TWO.replace("percent: 10", "percent: 10, tag: next")
ALL_TO_ONE = TWO.replace("90", "100").replace("10}", "0}")
ANOTHER = "{namespace: fns, functions: {hello: {environment: {WHERRY_METRICS_PORT: '9102'}}}}"


@pytest.mark.parametrize("text", [TWO, TAGGED, ALL_TO_ONE, ANOTHER])
def test_each_pod_is_scraped_once(objects, text):
    found = objects(text, monitoring=True)
    monitor = found["ServiceMonitor", "functions"]
    assert monitor["apiVersion"] == "monitoring.coreos.com/v1"
    (endpoint,) = monitor["spec"]["endpoints"]
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    chosen = [
        (each["spec"]["selector"], port["targetPort"])
        for (kind, _), each in found.items()
        if kind == "Service" and wanted <= each["metadata"]["labels"].items()
        for port in each["spec"]["ports"]
        if port["name"] == endpoint["port"]
    ]
    pods = [each["spec"]["template"] for (kind, _), each in found.items() if kind == "Deployment"]
    for pod in pods:
        (port,) = [
            port for labels, port in chosen if labels.items() <= pod["metadata"]["labels"].items()
        ]
        numbers = {
            each["name"]: each["containerPort"] for each in pod["spec"]["containers"][0]["ports"]
        }
        open_ports = found["NetworkPolicy", "hello"]["spec"]["ingress"][1]["ports"]
        assert [each["port"] for each in open_ports] == [numbers[port]]
    assert numbers[port] == (9102 if text is ANOTHER else 8081)


@pytest.mark.parametrize("said", ["off", "'0'", "'99999'"])
def test_metrics_that_are_off_are_not_looked_for(objects, rendered, said):
    text = f"functions: {{hello: {{environment: {{WHERRY_METRICS_PORT: {said}}}}}}}"
    found = objects(text, monitoring=True)
    for listed in (
        found["Service", "hello"]["spec"]["ports"],
        found["Deployment", "hello"]["spec"]["template"]["spec"]["containers"][0]["ports"],
    ):
        assert [port["name"] for port in listed] == ["http"]
    assert len(found["NetworkPolicy", "hello"]["spec"]["ingress"]) == 1
    told = rendered(text, monitoring=True).warnings
    assert "hello: WHERRY_METRICS_PORT leaves nothing to scrape" in told


def test_the_alerts_are_those_of_the_docs():
    documented = yaml.safe_load((DOCS / "monitoring/alerts.yaml").read_text())
    (group,) = documented["groups"]
    ours = [
        {**each.rule("x"), "expr": " ".join(each.expression.replace("{}", "").split())}
        for each in ALERTS
    ]
    theirs = [{**rule, "expr": " ".join(rule["expr"].split())} for rule in group["rules"]]
    assert ours == theirs


@pytest.mark.parametrize("alert", ALERTS, ids=lambda each: each.name)
def test_an_alert_looks_at_its_namespace_and_at_metrics_that_there_are(alert):
    known = {each.shown for each in CATALOGUE} | OF_PROMETHEUS
    series = re.findall(r"([a-z_]+)(\{[^}]*\})", alert.scoped("fns"))
    assert series
    for name, labels in series:
        assert name in known
        assert 'namespace="fns"' in labels
    bare = re.sub(r"\{[^}]*\}", "", alert.expression)
    assert len([name for name in known if re.search(rf"\b{name}\b", bare)]) == len(
        {name for name, _ in series}
    )


def test_the_rules_are_one_group(objects):
    rule = objects(TWO, monitoring=True)["PrometheusRule", "functions"]
    (group,) = rule["spec"]["groups"]
    assert [each["alert"] for each in group["rules"]] == [each.name for each in ALERTS]


def test_behind_a_sidecar_metrics_are_not_on_loopback(with_addition):
    addition = PodAddition(
        ports=(PodPort(name="http", container=8079, service=80),), function_port=5000
    )
    for monitoring in (False, True):
        found, _ = with_addition(TWO, addition, monitoring=monitoring)
        function = found["Deployment", "hello-v1"]["spec"]["template"]["spec"]["containers"][0]
        environment = {each["name"]: each["value"] for each in function["env"]}
        assert environment["WHERRY_HOST"] == "127.0.0.1"
        assert environment.get("WHERRY_METRICS_HOST") == ("0.0.0.0" if monitoring else None)
        ports = [port["name"] for port in function.get("ports", [])]
        assert ports == (["metrics"] if monitoring else [])
        assert (("ServiceMonitor", "functions") in found) == monitoring
    assert "WHERRY_METRICS_HOST" in {name for each in VARIABLES for name in each.names}


def test_prometheus_must_be_in_a_strict_mesh(with_addition):
    text = "{mutual_tls: strict, functions: {hello: {}}}"
    _, emission = with_addition(text, PodAddition(), monitoring=True, mesh=Mesh.ISTIO)
    assert any("Prometheus must be in the mesh" in each for each in emission.warnings)


@pytest.mark.interop
def test_prometheus_own_tool_reads_the_rules(objects, tmp_path):
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed; see tests/interop/tools.sh")
    file = tmp_path / "rules.yaml"
    file.write_text(
        yaml.safe_dump(objects(TWO, monitoring=True)["PrometheusRule", "functions"]["spec"])
    )
    done = subprocess.run(
        [promtool, "check", "rules", str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(ALERTS)} rules found" in done.stdout
