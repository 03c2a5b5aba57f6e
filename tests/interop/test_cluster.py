"""The API server that other tests apply to: what it holds objects to, and that kubectl knows it."""

import json
import os
import shutil
import subprocess

import pytest
from tests.interop.cluster import RefusedError

pytestmark = [pytest.mark.interop, pytest.mark.shared]

BROKER = """\
apiVersion: eventing.knative.dev/v1
kind: Broker
metadata: {{name: {name}, namespace: cluster-test}}
spec: {spec}
"""
# A rule of the schema in CEL: TLS is for listeners that speak it.
GATEWAY = """\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: a, namespace: cluster-test}
spec: {gatewayClassName: a, listeners: [{name: a, port: 80, protocol: HTTP, tls: {}}]}
"""
EVENT_TYPE = """\
apiVersion: eventing.knative.dev/v1beta1
kind: EventType
metadata: {name: a, namespace: cluster-test}
spec: {type: a}
"""


@pytest.fixture
def kubectl(cluster):
    """Run kubectl there: `kubectl(word, ..., input=text)`."""
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl not found")

    def kubectl(*words, **options):
        environment = {**os.environ, "KUBECONFIG": str(cluster.kubeconfig)}
        return subprocess.run(
            ["kubectl", *words], env=environment, capture_output=True, text=True, timeout=60,
            check=False, **options,
        )  # fmt: skip

    return kubectl


def test_what_is_applied_is_there(cluster):
    text = BROKER.format(name="there", spec="{delivery: {retry: 3}}")
    (stored,) = cluster.apply([text])
    assert stored["spec"] == {"delivery": {"retry": 3}}
    assert cluster.apply([text])[0]["metadata"]["generation"] == 1
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    cluster.set_status(text, ready)
    assert cluster.get(text)["status"] == ready


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BROKER.format(name="a", spec="{retry: 3}"), "field not declared in schema"),
        (BROKER.format(name="a", spec="{delivery: {retry: three}}"), "expected numeric"),
        (BROKER.format(name="a", spec="{}") + "kind: Broker\n", "already set in map"),
        (BROKER.format(name="A", spec="{}"), "RFC 1123"),
        (BROKER.format(name="a", spec="{}").replace("Broker", "Service"), "is not served"),
        (GATEWAY, "tls must not be specified"),
        (EVENT_TYPE, "deprecated"),
    ],
)
def test_what_is_wrong_is_refused(cluster, text, said):
    with pytest.raises(RefusedError, match=said):
        cluster.apply([text])


def test_kubectl_applies_compares_and_waits(cluster, kubectl):
    text = BROKER.format(name="seen", spec="{}")
    changed = BROKER.format(name="seen", spec="{delivery: {retry: 3}}")
    assert kubectl("apply", "--server-side", "-f", "-", input=text).returncode == 0
    assert kubectl("diff", "--server-side", "-f", "-", input=text).returncode == 0
    compared = kubectl("diff", "--server-side", "-f", "-", input=changed)
    assert (compared.returncode, "+    retry: 3" in compared.stdout) == (1, True), compared
    cluster.set_status(text, {"conditions": [{"type": "Ready", "status": "True"}]})
    listed = kubectl("get", "brokers", "-n", "cluster-test", "-o", "json").stdout
    assert "seen" in {each["metadata"]["name"] for each in json.loads(listed)["items"]}
    waited = kubectl("wait", "--for=condition=Ready", "--timeout=20s", "-n", "cluster-test",
                     "broker/seen")  # fmt: skip
    assert waited.returncode == 0, waited
    wrong = BROKER.format(name="seen", spec="{retry: 3}")
    refused = kubectl("apply", "--server-side", "-f", "-", input=wrong)
    assert (refused.returncode, "field not declared" in refused.stderr) == (1, True), refused
