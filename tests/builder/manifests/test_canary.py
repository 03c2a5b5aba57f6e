"""A canary is folders in order; none names a revision by itself before a folder has made it."""

from dataclasses import replace

import pytest
import yaml
from tests.builder.manifests.full_project import full_project, made, small_project

from wherry_build.errors import ManifestError
from wherry_build.manifests import Mesh, RenderOptions, Target
from wherry_build.manifests.apportionment import apportioned
from wherry_build.manifests.canary import render_canary
from wherry_build.manifests.emission import Loss
from wherry_build.manifests.layout import losses_page, stale

HOST = "fns.example.com"
KNATIVE = RenderOptions(target=Target.KNATIVE, registry="r")
OPENFAAS = RenderOptions(target=Target.OPENFAAS, mesh=Mesh.ISTIO, registry="r")
ISTIO = RenderOptions(target=Target.KUBERNETES, mesh=Mesh.ISTIO, registry="r")


def folders(canary):
    return sorted({name.partition("/")[0] for name in canary.files if "/" in name})


def objects(canary, folder, kind):
    documents = [
        yaml.safe_load(text)
        for name, text in canary.files.items()
        if name.startswith(f"{folder}/") and name.endswith(".yaml")
    ]
    return {each["metadata"]["name"]: each for each in documents if each["kind"] == kind}


def weights(canary, folder, host):
    """Of the VirtualService for `host`: the subsets of its first route with their weights."""
    (service,) = (
        each
        for each in objects(canary, folder, "VirtualService").values()
        if host in each["spec"]["hosts"]
    )
    route = service["spec"]["http"][0]["route"]
    return {each["destination"].get("subset"): each.get("weight", 100) for each in route}


def test_the_folders_of_what_the_file_says():
    canary = render_canary(small_project(), KNATIVE)
    assert folders(canary) == ["1-deploy", "2-shift-10", "3-promote", "9-abort"]
    for folder in folders(canary):
        assert f"`{folder}`" in canary.files["README.md"]
        listed = yaml.safe_load(canary.files[f"{folder}/kustomization.yaml"])["resources"]
        there = {name.partition("/")[2] for name in canary.files if name.startswith(f"{folder}/")}
        assert set(listed) == there - {"kustomization.yaml", "LOSSES.md"}
        assert listed == sorted(listed)


def test_steps_are_folders():
    canary = render_canary(small_project(), KNATIVE, (5, 50))
    assert folders(canary) == ["1-deploy", "2-shift-5", "3-shift-50", "4-promote", "9-abort"]


def test_knative_shares_and_the_newest_is_named_by_no_route_before_it_is_there():
    canary = render_canary(small_project(), KNATIVE, (25,))
    shares = {}
    for folder in folders(canary):
        traffic = objects(canary, folder, "Service")["hello"]["spec"]["traffic"]
        shares[folder] = {
            each.get("revisionName", "newest"): each.get("percent", 0) for each in traffic
        }
        for each in traffic:
            assert ("revisionName" in each) != each.get("latestRevision", False)
            assert each.get("revisionName") != "hello-v2"
    assert shares["1-deploy"] == {"hello-v1": 100, "newest": 0}
    assert shares["2-shift-25"] == {"hello-v1": 75, "newest": 25}
    assert shares["3-promote"]["newest"] == 100
    assert shares["3-promote"].get("hello-v1", 0) == 0
    assert shares["9-abort"] == shares["1-deploy"]


def test_istio_shares():
    canary = render_canary(small_project(), ISTIO, (25,))
    assert weights(canary, "1-deploy", HOST) == {"v1": 100}
    assert weights(canary, "2-shift-25", HOST) == {"v1": 75, "v2": 25}
    assert weights(canary, "3-promote", HOST) == {"v2": 100}
    assert weights(canary, "9-abort", HOST) == {"v1": 100}
    assert {"hello-v1", "hello-v2"} <= objects(canary, "1-deploy", "Deployment").keys()


def test_a_route_of_the_newest_alone_is_a_route_of_the_function_until_there_is_one():
    text = """
functions:
  hello: {revisions: {v1: {percent: 60}, v2: {percent: 40}}}
hosts: {fns.example.com: {}}
routes:
  tried:
    host: fns.example.com
    headers: {x-canary: {present: true}}
    split: [{function: hello, revision: v2, percent: 100}]
"""
    canary = render_canary(made(text), ISTIO)
    assert weights(canary, "1-deploy", HOST) == {"v1": 100}
    assert weights(canary, "2-shift-40", HOST) == {"v2": 100}
    assert weights(canary, "9-abort", HOST) == {"v1": 100}


def test_older_revisions_share_the_rest_as_they_did():
    text = "functions: {hello: {revisions: {a: {percent: 60}, b: {percent: 30}, c: {percent: 10}}}}"
    canary = render_canary(made(text), KNATIVE, (40,))
    traffic = objects(canary, "2-shift-40", "Service")["hello"]["spec"]["traffic"]
    assert [each.get("percent") for each in traffic] == [40, 20, 40]


def test_the_full_project_has_a_canary_too():
    canary = render_canary(full_project(), ISTIO)
    assert folders(canary) == ["1-deploy", "2-shift-10", "3-promote", "9-abort"]


def test_openfaas_gets_its_functions_before_its_routes():
    canary = render_canary(small_project(), OPENFAAS)
    hosts = {}
    for folder in folders(canary):
        stack = yaml.safe_load(canary.files[f"{folder}/stack.yaml"])
        assert {"hello-v1", "hello-v2"} <= set(stack["functions"])
        (routes,) = (
            yaml.safe_load(text)
            for name, text in canary.files.items()
            if name.startswith(f"{folder}/31-virtual-service")
        )
        hosts[folder] = {
            each["destination"]["host"].partition(".")[0]: each.get("weight", 100)
            for each in routes["spec"]["http"][0]["route"]
        }
    assert hosts["2-shift-10"] == {"hello-v1": 90, "hello-v2": 10}
    readme = canary.files["README.md"]
    assert readme.index("cd 1-deploy && faas-cli deploy") < readme.index(
        "kubectl apply -k 1-deploy"
    )


@pytest.mark.parametrize("mesh", [Mesh.ISTIO, Mesh.GATEWAY_API])
def test_shares_that_a_mesh_carries_for_openfaas_are_no_loss(mesh):
    project = made(
        "functions: {hello: {revisions: {v1: {percent: 90}, v2: {percent: 10}}}}\n"
        "hosts: {a.b: {}}\nroutes: {r: {function: hello}}\n"
    )
    rendering = render_canary(project, replace(OPENFAAS, mesh=mesh)).rendering
    assert rendering.losses == ()
    assert any("past OpenFaaS's gateway" in each for each in rendering.warnings)


def test_openfaas_divides_no_calls_by_itself():
    with pytest.raises(ManifestError) as raised:
        render_canary(small_project(), RenderOptions(target=Target.OPENFAAS, registry="r"))
    assert raised.value.hint == "--mesh istio"


@pytest.mark.parametrize("steps", [(0,), (100,), (10, 10), (50, 20), (1, 2, 3, 4, 5, 6, 7), (-1,)])
def test_steps_that_are_none(steps):
    with pytest.raises(ManifestError, match="steps of a canary"):
        render_canary(small_project(), KNATIVE, steps)


def test_a_canary_needs_two_revisions():
    with pytest.raises(ManifestError, match="two revisions") as raised:
        render_canary(made("functions: {hello: {}}"), KNATIVE)
    assert "revisions:" in raised.value.hint


@pytest.mark.parametrize(
    ("weights", "total", "parts"),
    [
        ((), 100, ()),
        ((1,), 100, (100,)),
        ((1, 1, 1), 100, (34, 33, 33)),
        ((0, 0), 90, (0, 90)),
        ((90, 10), 0, (0, 0)),
        ((8550, 950, 500), 100, (86, 9, 5)),
    ],
)
def test_parts_are_whole_and_sum_up(weights, total, parts):
    assert apportioned(weights, total) == parts


def test_what_an_earlier_rendering_left():
    there = ["10-a.yaml", "20-b.yaml", "LOSSES.md", "notes.md", "x.yaml", "1-a.yaml"]
    assert stale(there, {"10-a.yaml"}) == ["20-b.yaml", "LOSSES.md"]


def test_a_page_of_losses_holds_one_row_each():
    page = losses_page([Loss(key="routes.a.fault", reason="a | b\nc", instead="`x`")])
    assert page.splitlines()[-1] == r"| routes.a.fault | a \| b c | \`x\` |"
