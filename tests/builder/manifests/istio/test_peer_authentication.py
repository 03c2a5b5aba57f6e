"""Whether callers must show a certificate of the mesh."""

import pytest

from wherry_build.manifests import Target

TEXT = """
functions:
  default: {traffic_policy: {mutual_tls: permissive}}
  hello: {revisions: {v1: {percent: 100}}, traffic_policy: {mutual_tls: disable}}
hosts: {a.b: {}}
"""


def policies(objects, target, text=TEXT):
    found = objects(text, target)
    return {
        name: each["spec"] for (kind, name), each in found.items() if kind == "PeerAuthentication"
    }


@pytest.mark.parametrize(
    ("target", "label", "pods"),
    [
        (Target.KUBERNETES, "app.kubernetes.io/name", "hello"),
        (Target.KNATIVE, "serving.knative.dev/service", "hello"),
        (Target.OPENFAAS, "faas_function", "hello-v1"),
    ],
)
def test_the_namespace_and_functions_of_their_own(objects, target, label, pods):
    found = policies(objects, target, f"mutual_tls: strict\n{TEXT}")
    assert found == {
        "default": {"mtls": {"mode": "STRICT"}},
        "function-default": {
            "selector": {"matchLabels": {label: "default"}},
            "mtls": {"mode": "PERMISSIVE"},
        },
        f"function-{pods}": {
            "selector": {"matchLabels": {label: pods}},
            "mtls": {"mode": "DISABLE"},
        },
    }


def test_nothing_is_demanded_where_nothing_is_said(objects):
    assert policies(objects, Target.KUBERNETES, "functions: {hello: {}}\nhosts: {a.b: {}}") == {}


def test_who_must_be_in_the_mesh_as_well_is_warned_of(rendered):
    def warned(text, target):
        return "mutual TLS is strict" in "\n".join(rendered(text, target).warnings)

    strict = TEXT.replace("permissive", "strict")
    for target, expected in (
        (Target.KNATIVE, True), (Target.OPENFAAS, True), (Target.KUBERNETES, False),
    ):  # fmt: skip
        assert warned(f"mutual_tls: strict\n{TEXT}", target) is expected
        assert warned(strict, target) is expected
        assert not warned(TEXT, target)
