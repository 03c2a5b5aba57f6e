"""What faas-cli sends, request by request, in the order and with the bodies that it sends them.

From its source, go-sdk included: bodies are `application/json`, `PUT` comes before `POST`, the
namespace stands in the body, and 204 is an error to it.
"""

import json

import pytest
from tests.local.gateway.served_gateway import FAAS_CLI

DEPLOYMENT = {
    "service": "hello",
    "image": "registry.example/team/hello:latest",
    "namespace": "",
    "envProcess": "",
    "envVars": {"MODE": "loud"},
    "constraints": None,
    "secrets": [],
    "labels": {"team": "a"},
    "annotations": {"note": "b"},
    "limits": {"memory": "128Mi"},
    "requests": None,
    "readOnlyRootFilesystem": False,
}


def sent(command, **more):
    """A deployment as `faas-cli deploy` sends it."""
    return {**DEPLOYMENT, "service": command, **more}


def test_ready_asks_without_a_password(gateway):
    assert gateway.ask("GET", "/healthz", headers={"User-Agent": "faas-cli/dev"}).status == 200


def test_login_is_a_list_with_the_right_password(gateway):
    refused = gateway.ask("GET", "/system/functions", headers={})
    assert refused.status == 401
    assert refused.headers["WWW-Authenticate"] == 'Basic realm="Restricted"'
    assert refused.body == b"invalid credentials"
    assert gateway.ask("GET", "/system/functions").status == 200


def test_list_is_an_array_even_of_nothing(gateway):
    listed = gateway.ask("GET", "/system/functions").json()
    assert [each["name"] for each in listed] == ["hello", "orders"]
    gateway.ask("POST", "/system/namespace/", {"name": "empty"})
    assert gateway.ask("GET", "/system/functions?namespace=empty").body == b"[]"
    refused = gateway.ask("GET", "/system/functions?namespace=nowhere")
    assert refused.status == 400
    assert "openfaas-fn" in refused.text


def test_describe_finds_every_key(gateway):
    shown = gateway.ask("GET", "/system/function/hello?usage=1").json()
    assert shown["name"] == "hello"
    assert shown["namespace"] == "openfaas-fn"
    assert shown["replicas"] == shown["availableReplicas"] == 1
    assert shown["invocationCount"] == 0
    assert shown["createdAt"] == "2023-11-14T22:13:20.000Z"
    assert shown["labels"] == {"tier": "front", "faas_function": "hello"}
    assert shown["usage"] == {"cpu": 0, "totalMemoryBytes": 0}
    assert gateway.ask("GET", "/system/function/nothing").status == 404


def test_describe_counts_calls(gateway):
    key = gateway.declared()[0].key
    gateway.call(gateway.meters.count, key, 200, 0.01)
    gateway.call(gateway.meters.count, key, 500, 0.01)
    counts = {
        e["name"]: e["invocationCount"] for e in gateway.ask("GET", "/system/functions").json()
    }
    assert counts == {"hello": 2, "orders": 0}


def test_deploy_puts_first_and_posts_what_is_unknown(gateway):
    wanted = sent("greeter", image="ghcr.io/acme/hello:1.2")
    assert gateway.ask("PUT", "/system/functions", wanted).status == 404
    posted = gateway.ask("POST", "/system/functions", wanted)
    assert (posted.status, posted.body) == (202, b"")
    shown = gateway.ask("GET", "/system/function/greeter").json()
    assert shown["image"] == "ghcr.io/acme/hello:1.2"
    assert shown["envVars"] == {"MODE": "loud"}
    assert shown["annotations"] == {"note": "b"}
    assert shown["limits"] == {"memory": "128Mi"}
    again = gateway.ask("PUT", "/system/functions", {**wanted, "envVars": {}})
    assert (again.status, again.body) == (202, b"")


def test_deploy_of_a_project_function_is_a_rolling_update(gateway):
    assert gateway.ask("PUT", "/system/functions", sent("hello")).status == 202
    what, deployment = gateway.fleet.events[-1]
    assert what == "put"
    assert deployment.handler == str(gateway.root / "hello")
    assert deployment.revision == 2
    assert deployment.environment["MODE"] == "loud"
    assert deployment.environment["GREETING"] == "hello"
    assert deployment.labels == {"tier": "front", "team": "a"}


def test_deploy_with_replace_deletes_first(gateway):
    delete = {"functionName": "hello", "namespace": ""}
    assert gateway.ask("DELETE", "/system/functions", delete).status == 202
    assert gateway.ask("PUT", "/system/functions", sent("hello")).status == 404
    assert gateway.ask("POST", "/system/functions", sent("hello")).status == 202


def test_remove_and_remove_again(gateway):
    body = {"functionName": "orders", "namespace": ""}
    removed = gateway.ask("DELETE", "/system/functions", body)
    assert removed.status == 202
    assert "next wherry up" in removed.json()["message"]
    again = gateway.ask("DELETE", "/system/functions", body)
    assert again.status == 404
    assert "orders.openfaas-fn" in again.text
    # The gateway's own page says the namespace in the query.
    in_query = gateway.ask(
        "DELETE", "/system/functions?namespace=openfaas-fn", {"functionName": "hello"}
    )
    assert in_query.status == 202
    assert gateway.fleet.keys() == []


def test_ready_of_a_function_polls_until_a_replica_is_there(gateway):
    shown = gateway.ask("GET", "/system/function/hello?usage=1&namespace=openfaas-fn").json()
    assert shown["availableReplicas"] > 0


def test_secrets_are_created_listed_changed_and_removed(gateway):
    secret = {"name": "api-key", "namespace": "", "value": "s3cr3t"}
    raw = {"name": "raw", "namespace": "openfaas-fn", "rawValue": "AAEC/w=="}
    assert gateway.ask("GET", "/system/secrets").body == b"[]"
    assert gateway.ask("POST", "/system/secrets", secret).status == 202
    assert gateway.ask("POST", "/system/secrets", secret).status == 409
    assert gateway.ask("POST", "/system/secrets", raw).status == 202
    listed = gateway.ask("GET", "/system/secrets?namespace=openfaas-fn")
    assert listed.json() == [
        {"name": "api-key", "namespace": "openfaas-fn"},
        {"name": "raw", "namespace": "openfaas-fn"},
    ]
    assert gateway.ask("PUT", "/system/secrets", {**secret, "value": "other"}).status == 202
    assert gateway.ask("PUT", "/system/secrets", {**secret, "name": "none"}).status == 404
    assert gateway.ask("DELETE", "/system/secrets", {"name": "api-key"}).status == 202
    assert gateway.ask("DELETE", "/system/secrets", {"name": "api-key"}).status == 404
    assert (gateway.state.secrets / "openfaas-fn/raw").read_bytes() == b"\x00\x01\x02\xff"


def test_namespaces_live_their_life(gateway):
    labelled = {"name": "team-a", "labels": {"openfaas": "1"}, "annotations": {"openfaas": "1"}}
    assert gateway.ask("GET", "/system/namespaces").json() == ["openfaas-fn"]
    assert gateway.ask("POST", "/system/namespace/", labelled).status == 201
    assert gateway.ask("POST", "/system/namespace/", labelled).status == 409
    assert gateway.ask("GET", "/system/namespaces").json() == ["openfaas-fn", "team-a"]
    assert gateway.ask("GET", "/system/namespace/team-a").json() == labelled
    changed = {**labelled, "labels": {"openfaas": "1", "owner": "b"}}
    assert gateway.ask("PUT", "/system/namespace/team-a", changed).status == 202
    assert gateway.ask("GET", "/system/namespace/team-a").json()["labels"]["owner"] == "b"
    assert gateway.ask("PUT", "/system/namespace/none", {"name": "none"}).status == 404
    assert gateway.ask("DELETE", "/system/namespace/team-a").status == 202
    assert gateway.ask("DELETE", "/system/namespace/team-a").status == 404
    assert gateway.ask("GET", "/system/namespace/team-a").status == 404
    assert gateway.ask("DELETE", "/system/namespace/openfaas-fn").status == 400


def test_version_finds_objects_wherever_it_looks(gateway):
    info = gateway.ask("GET", "/system/info").json()
    assert info["provider"]["provider"] == "wherry"
    assert info["provider"]["orchestration"]
    assert info["provider"]["version"]["release"]
    assert info["version"]["sha"]
    assert info["arch"]


def test_async_invoke_is_accepted_with_its_id(gateway):
    headers = {"User-Agent": "faas-cli/dev", "Content-Type": "text/plain", "X-Trace": "1"}
    accepted = gateway.ask("POST", "/async-function/hello.openfaas-fn?a=b", b"in", headers)
    assert (accepted.status, accepted.body) == (202, b"")
    assert len(accepted.headers.get_all("X-Call-Id")) == 1


@pytest.mark.parametrize("location", ["body", "query", "path"])
@pytest.mark.parametrize("replicas", [0, 3])
def test_scale_takes_the_namespace_anywhere(gateway, location, replicas):
    body = {"serviceName": "hello", "replicas": replicas}
    path = "/system/scale-function/hello"
    if location == "body":
        body["namespace"] = "openfaas-fn"
    elif location == "query":
        path += "?namespace=openfaas-fn"
    else:
        path += ".openfaas-fn"
    assert gateway.ask("POST", path, body).status == 202
    (hello,) = [r for k, r in gateway.fleet.served.items() if k.name == "hello"]
    assert hello.scaled == [(replicas, "scaled by hand")]


def test_scale_is_bounded_and_404_of_nothing(gateway):
    body = {"serviceName": "hello", "replicas": 1_000_000}
    scaled = gateway.ask("POST", "/system/scale-function/hello", body)
    assert scaled.status == 202
    assert "10" in scaled.json()["message"]
    missing = {"serviceName": "none", "replicas": 1}
    assert gateway.ask("POST", "/system/scale-function/none", missing).status == 404
    for replicas in (-1, True, None, "2", 1.5):
        wrong = {"serviceName": "hello", "replicas": replicas}
        assert gateway.ask("POST", "/system/scale-function/hello", wrong).status == 400


def test_every_route_wants_the_password(gateway):
    for method, path in (
        ("GET", "/system/functions"),
        ("POST", "/system/functions"),
        ("GET", "/system/function/hello"),
        ("POST", "/system/scale-function/hello"),
        ("GET", "/system/info"),
        ("GET", "/system/secrets"),
        ("GET", "/system/logs?name=hello"),
        ("GET", "/system/namespaces"),
        ("DELETE", "/system/namespace/openfaas-fn"),
        ("POST", "/system/alert"),
        ("GET", "/system/telemetry"),
        ("GET", "/system/overview"),
        ("GET", "/system/routes"),
        ("GET", "/system/calls"),
        ("GET", "/async-function/some-id"),
        ("DELETE", "/async-function/some-id"),
    ):
        assert gateway.ask(method, path, headers={}).status == 401, (method, path)


def test_alerts_scale_up_by_a_step_and_back(gateway):
    alert = {
        "status": "firing",
        "receiver": "scale-up",
        "alerts": [
            {
                "status": "firing",
                "labels": {
                    "alertname": "APIHighInvocationRate",
                    "function_name": "hello.openfaas-fn",
                },
            }
        ],
    }
    assert gateway.ask("POST", "/system/alert", alert).status == 200
    (hello,) = [r for k, r in gateway.fleet.served.items() if k.name == "hello"]
    assert hello.desired == 3  # 20 percent of 10 more
    alert["alerts"][0]["status"] = "resolved"
    assert gateway.ask("POST", "/system/alert", alert).status == 200
    assert hello.desired == 1
    assert gateway.ask("POST", "/system/alert", {"alerts": [1]}).status == 400


def test_bodies_are_json_with_its_type(gateway):
    for path in ("/system/functions", "/system/info", "/system/secrets", "/system/namespaces"):
        answer = gateway.ask("GET", path, headers=FAAS_CLI)
        assert answer.headers["Content-Type"] == "application/json", path
        json.loads(answer.body)
