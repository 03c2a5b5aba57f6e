"""Services: for a function, its revisions and its tags."""

import pytest

from wherry_build.errors import ManifestError
from wherry_build.manifests import Mesh
from wherry_build.manifests.emission import PodAddition, PodPort

TWO = """
functions:
  hello:
    revisions: {{v1: {{percent: {v1}}}, v2: {{percent: {v2}, tag: next}}}}
"""


def selectors(found):
    return {
        name: each["spec"]["selector"] for (kind, name), each in found.items() if kind == "Service"
    }


def test_a_function_is_reached_by_its_name(objects):
    found = objects("{namespace: fns, functions: {hello: {}}}")
    service = found["Service", "hello"]
    assert service["metadata"]["namespace"] == "fns"
    assert service["spec"] == {
        "type": "ClusterIP",
        "selector": {"app.kubernetes.io/name": "hello"},
        "ports": [
            {
                "name": "http",
                "port": 80,
                "targetPort": "http",
                "protocol": "TCP",
                "appProtocol": "http",
            }
        ],
    }


def test_revisions_and_tags_are_reached_by_theirs(objects):
    assert selectors(objects(TWO.format(v1=90, v2=10))) == {
        "hello": {"app.kubernetes.io/name": "hello"},
        "hello-v1": {"app.kubernetes.io/name": "hello", "version": "v1"},
        "hello-v2": {"app.kubernetes.io/name": "hello", "version": "v2"},
        "next-hello": {"app.kubernetes.io/name": "hello", "version": "v2"},
    }


@pytest.mark.parametrize(("v1", "v2", "expected"), [(100, 0, "v1"), (0, 100, "v2")])
def test_a_revision_that_gets_all_calls_is_alone_behind_the_function(
    objects, rendered, v1, v2, expected
):
    text = TWO.format(v1=v1, v2=v2)
    assert selectors(objects(text))["hello"]["version"] == expected
    assert rendered(text).losses == ()


def test_shares_that_nobody_sees_to_are_told(rendered):
    assert [each.key for each in rendered(TWO.format(v1=90, v2=10)).losses] == [
        "functions.hello.revisions.v1.percent",
        "functions.hello.revisions.v2.percent",
    ]


def test_a_mesh_with_subsets_finds_all_pods_behind_the_function(objects):
    found = objects(TWO.format(v1=100, v2=0), mesh=Mesh.ISTIO, host="fns.example.com")
    assert selectors(found)["hello"] == {"app.kubernetes.io/name": "hello"}


def test_a_proxys_ports_stand_in_for_the_functions(with_addition):
    addition = PodAddition(
        ports=(
            PodPort(name="http", container=8079, service=80),
            PodPort(name="https", container=8443, service=443),
        ),
        function_port=5000,
    )
    found, _ = with_addition(TWO.format(v1=90, v2=10), addition)
    for name in ("hello", "hello-v1", "next-hello"):
        ports = found["Service", name]["spec"]["ports"]
        assert [
            (each["name"], each["port"], each["targetPort"], each["appProtocol"]) for each in ports
        ] == [("http", 80, 8079, "http"), ("https", 443, 8443, "https")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "functions: {hello: {revisions: {v1: {percent: 100}}}, hello-v1: {}}",
            "function 'hello-v1' and revision 'v1' of 'hello': both Services would be called",
        ),
        (
            "functions: {v1-hello: {}, hello: {revisions: {v2: {percent: 100, tag: v1}}}}",
            "function 'v1-hello' and tag 'v1' of 'hello': both",
        ),
        (
            "functions: {kubernetes: {}}",
            "the cluster's own API and function 'kubernetes': both Services would be called",
        ),
        (
            f"functions: {{{'a' * 60}: {{revisions: {{v123: {{percent: 100}}}}}}}}",
            "65 characters, expected at most 63",
        ),
    ],
)
def test_names_that_are_taken_or_too_long(rendered, text, said):
    with pytest.raises(ManifestError) as caught:
        rendered(text)
    assert said in caught.value.message
    assert caught.value.hint


def test_elsewhere_the_clusters_name_is_free(rendered):
    assert rendered("{namespace: fns, functions: {kubernetes: {}}}")


def test_one_revision_and_one_tag_of_a_name_are_no_clash(rendered):
    assert rendered("functions: {hello: {revisions: {hello: {percent: 100, tag: x}}}}")
