"""What is deleted of an earlier deployment, and what is not: others' and what has an owner."""

import pytest
from tests.builder.manifests.full_project import full_project, made
from tests.builder.manifests.matrix import WAYS, options

from wherry_build.deploy.destination import destination
from wherry_build.deploy.identity import ObjectKey
from wherry_build.deploy.pruning import KINDS, is_of_project, left_over, looked_for, selector
from wherry_build.errors import DeployError
from wherry_build.manifests import RenderOptions, Target, render

LABELS = {"app.kubernetes.io/managed-by": "wherry", "app.kubernetes.io/part-of": "shop"}
STAYS = {"ConfigMap", "Function"}
"""Kinds that are rendered and left alone: ConfigMaps may be in use, functions are the gateway's."""


def service(name="hello", **metadata):
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "fns", "labels": LABELS, **metadata},
    }


def test_every_kind_that_is_rendered_is_looked_for():
    rendered = {
        (document.value["apiVersion"], document.value["kind"])
        for way in WAYS
        for document in render(full_project(), options(way)).documents
        if "kind" in document.value and document.value["kind"] not in STAYS
    }
    # Only a project with a host of its own for a function has this one.
    assert set(KINDS) == rendered | {("serving.knative.dev/v1beta1", "DomainMapping")}
    assert len(KINDS) == len(set(KINDS))


def test_what_is_of_the_project():
    assert is_of_project(service(), "shop")
    assert not is_of_project(service(), "till")
    assert not is_of_project(service(labels={}), "shop")
    assert not is_of_project(service(labels=None), "shop")
    for label in LABELS:
        assert not is_of_project(service(labels={**LABELS, label: "other"}), "shop")
    assert not is_of_project(service(ownerReferences=[{"kind": "Route"}]), "shop")
    assert not is_of_project(service(deletionTimestamp="2026-11-23T09:00:00Z"), "shop")


def test_what_the_project_has_stays_in_whatever_version():
    kept = [ObjectKey.of({**service("hello"), "apiVersion": "serving.knative.dev/v2"})]
    listed = [service("hello"), service("gone"), service("made", ownerReferences=[{}])]
    assert [key.name for key in left_over(listed, kept, part_of="shop")] == ["gone"]


def test_each_namespace_is_looked_through():
    asked = looked_for(["a", "b"])
    assert len(asked) == 2 * len(KINDS)
    assert selector("shop") == (
        "app.kubernetes.io/managed-by=wherry,app.kubernetes.io/part-of=shop"
    )


@pytest.fixture
def deployed(api, tmp_path):
    """A destination after some functions were deployed there: `deployed("a", "b")`."""
    kubeconfig = api.kubeconfig(tmp_path)

    def deployed(*names, part_of="shop"):
        project = made(f"namespace: fns\nfunctions: {{{', '.join(f'{n}: {{}}' for n in names)}}}")
        options = RenderOptions(target=Target.KNATIVE, registry="r/a", part_of=part_of)
        found = destination(render(project, options), options, kubeconfig=kubeconfig)
        for document in found.documents:
            found.apply(document.value, force=False)
        return found

    return deployed


def test_what_is_left_is_found_page_by_page_and_deleted(api, deployed):
    deployed("a", "b", "c", "d", "e")
    deployed("other", part_of="till")
    here = deployed("c")
    left = here.left_over("shop")
    assert [key.name for key in left] == ["a", "b", "d", "e"]
    assert all(here.delete(key, part_of="shop") for key in left)
    assert [path.rpartition("/")[2] for path in api.objects] == ["c", "other"]
    sent = [each.object for each in api.asked if each.method == "DELETE"]
    assert {each["propagationPolicy"] for each in sent} == {"Background"}
    assert sent[0]["preconditions"].keys() == {"uid", "resourceVersion"}
    assert here.left_over("shop") == ()


def test_what_is_no_longer_the_projects_is_not_deleted(api, deployed):
    deployed("a")
    here = deployed("b")
    (key,) = here.left_over("shop")
    deployed("a", part_of="till")
    assert not here.delete(key, part_of="shop")
    assert here.delete(key, part_of="till")
    assert not here.delete(key, part_of="till")


@pytest.mark.parametrize(("method", "verb"), [("GET", "list"), ("DELETE", "delete")])
def test_a_refusal_says_what_was_asked(api, deployed, method, verb):
    deployed("a")
    here = deployed("b")
    left = here.left_over("shop")
    path = "/apis/serving.knative.dev/v1/namespaces"
    api.refuse(method, path, 403, "not you")
    with pytest.raises(DeployError, match=r"service\.serving.*: not you") as caught:
        here.left_over("shop") if method == "GET" else here.delete(left[0], part_of="shop")
    assert f"auth can-i {verb} service.serving.knative.dev -n fns" in caught.value.hint
