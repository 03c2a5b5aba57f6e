"""Where applying waits: nothing leads to a function before it is ready."""

import pytest
from tests.builder.manifests.full_project import full_project

from wherry_build.deploy.identity import ObjectKey
from wherry_build.deploy.readiness import runs
from wherry_build.deploy.waves import waves
from wherry_build.manifests.document import Document
from wherry_build.manifests.options import Mesh, RenderOptions, Target
from wherry_build.manifests.render import render

LEADING = {"DestinationRule", "VirtualService", "HTTPRoute", "DomainMapping"}


@pytest.mark.parametrize("target", [Target.KNATIVE, Target.KUBERNETES])
@pytest.mark.parametrize("mesh", [Mesh.NONE, Mesh.ISTIO])
def test_what_leads_to_functions_comes_after_them(target, mesh):
    rendered = render(full_project(), RenderOptions(target=target, mesh=mesh)).documents
    first, *rest = waves(rendered)
    assert any(runs(ObjectKey.of(each.value)) for each in first)
    assert not LEADING & {each.value["kind"] for each in first}
    assert not any(runs(ObjectKey.of(each.value)) for wave in rest for each in wave)
    objects = [each for each in rendered if "kind" in each.value]
    assert [each for wave in (first, *rest) for each in wave] == objects


def test_what_is_no_object_is_left_out_and_no_wave_is_empty():
    route = Document(file="31-virtual-service.yaml", value={"kind": "VirtualService"})
    stack = Document(file="stack.yaml", value={"version": "1.0"})
    assert waves([stack, route]) == ((route,),)
    assert waves([stack]) == ()
