"""What is asked of an API server, and how its answers are read."""

import json

import pytest
from tests.builder.deploy.api_recorder import TOKEN

from wherry_build.deploy.api_server import ApiServer
from wherry_build.deploy.identity import ObjectKey
from wherry_build.deploy.kubeconfig import connect
from wherry_build.deploy.refusal import Cause
from wherry_build.errors import PlatformUnavailable


def test_an_apply_is_on_the_servers_side_and_strict(api, server, service):
    made = server.apply(service(), force=False)
    assert made["metadata"]["uid"]
    asked = api.asked[-1]
    assert (asked.method, asked.path) == (
        "PATCH",
        "/apis/serving.knative.dev/v1/namespaces/fns/services/hello",
    )
    assert asked.words == {
        "fieldManager": "wherry",
        "fieldValidation": "Strict",
        "force": "false",
    }
    assert asked.headers["Content-Type"] == "application/apply-patch+yaml"
    assert asked.object == service()


def test_a_try_changes_nothing(api, server, service):
    server.apply(service(), force=True, dry_run=True)
    assert api.asked[-1].words["dryRun"] == "All"
    assert api.asked[-1].words["force"] == "true"
    assert api.applied() == []
    assert server.get(ObjectKey.of(service())) is None


def test_the_token_goes_along_and_is_in_no_message(api, server, service):
    api.refuse("PATCH", "/services/", 401, f"no {TOKEN}")
    with pytest.raises(PlatformUnavailable) as caught:
        server.apply(service(), force=False)
    assert api.asked[-1].headers["authorization".title()] == f"Bearer {TOKEN}"
    assert "does not accept the credentials" in caught.value.message
    assert TOKEN not in caught.value.message + caught.value.hint + repr(caught.value)


def test_the_core_is_elsewhere_than_groups(api, server):
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "proxy", "namespace": "fns"},
    }
    server.apply(config, force=False)
    assert [each.path for each in api.asked] == [
        "/api/v1",
        "/api/v1/namespaces/fns/configmaps/proxy",
    ]


def test_what_is_served_is_asked_once(api, server, service):
    for name in ("a", "b"):
        server.get(ObjectKey.of(service(name)))
    assert [each.path for each in api.asked].count("/apis/serving.knative.dev/v1") == 1


@pytest.mark.parametrize("absent", ["group", "kind"])
def test_a_kind_that_is_not_served(api, server, service, absent):
    if absent == "group":
        del api.kinds["serving.knative.dev/v1"]
    else:
        del api.kinds["serving.knative.dev/v1"]["Service"]
    assert server.apply(service(), force=False).cause is Cause.UNSERVED
    assert server.get(ObjectKey.of(service())).cause is Cause.UNSERVED


def test_a_server_that_does_not_tell_what_it_has_is_no_server_without_it(api, server, service):
    api.refuse("GET", "/apis/serving.knative.dev/v1", 500)
    with pytest.raises(PlatformUnavailable, match="answers 500"):
        server.apply(service(), force=False)


def test_a_busy_server_is_asked_again(api, server, service):
    api.refuse("PATCH", "/services/", 429)
    assert server.apply(service(), force=False).message == "no"
    assert sum(each.method == "PATCH" for each in api.asked) == 4


def test_warnings_are_kept_once(api, server, service):
    api.warning = r"serving \"v1\" is old"
    for _ in range(2):
        server.apply(service(), force=False)
    assert server.warnings == ('serving "v1" is old',)


def test_an_answer_that_is_no_object_is_refused(api, server, service):
    api.answers.append(("PATCH", "/services/", None, 200, b"<html>"))
    assert server.apply(service(), force=False).message == "HTTP 200"


def test_a_redirect_is_not_followed(api, server, service):
    api.refuse("PATCH", "/services/", 302, "elsewhere")
    assert server.apply(service(), force=False).message == "elsewhere"


def test_nobody_there(tmp_path, api, service):
    connection = connect(api.kubeconfig(tmp_path), "nowhere")
    with pytest.raises(PlatformUnavailable) as caught:
        ApiServer(connection).get(ObjectKey.of(service()))
    assert caught.value.message.startswith("http://127.0.0.1:1 (context 'nowhere') does not answer")
    assert "refused" in caught.value.message
    assert "0x" not in caught.value.message
    assert caught.value.exit_code == 3


def test_namespaces(api, server):
    assert server.has_namespace("fns")
    assert not server.has_namespace("other")
    assert server.create_namespace("other") is None
    assert server.has_namespace("other")
    made = next(each for each in api.asked if each.method == "PATCH").object
    assert made["kind"] == "Namespace"
    assert made["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "wherry"}


def test_a_server_without_namespaces_has_them_all(api, server):
    del api.kinds["v1"]
    assert server.has_namespace("other")


def test_who_may_not_look_for_a_namespace_may_go_on(api, server):
    api.refuse("GET", "/api/v1/namespaces/", 403)
    assert server.has_namespace("other")


def test_version(api, server):
    assert server.version() == "v1.33.2"
    api.refuse("GET", "/version", 403)
    assert server.version() == ""


def test_names_stay_in_their_place(api, server):
    odd = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "../../x?y", "namespace": "a/b"},
    }
    server.apply(odd, force=False)
    assert api.asked[-1].path == "/api/v1/namespaces/a%2Fb/configmaps/..%2F..%2Fx%3Fy"
    assert json.loads(api.asked[-1].body) == odd
