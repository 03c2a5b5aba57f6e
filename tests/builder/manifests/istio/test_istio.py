"""What Istio asks of pods, and what it answers for."""

import pytest
from tests.builder.manifests.full_project import full_project

from wherry_build.errors import ManifestError
from wherry_build.manifests import KubeVersion, RenderOptions, Target
from wherry_build.manifests.istio import pod_addition
from wherry_build.manifests.resolution import topology


@pytest.mark.parametrize(("version", "holds"), [("1.32", True), ("1.33", False), ("1.36", False)])
def test_the_sidecar_stands_in_every_pod(version, holds):
    options = RenderOptions(target=Target.KNATIVE, kube_version=KubeVersion.parse(version))
    addition = pod_addition(topology(full_project(), options), options)
    assert addition.labels == {"sidecar.istio.io/inject": "true"}
    assert addition.annotations["sidecar.istio.io/rewriteAppHTTPProbers"] == "true"
    config = addition.annotations.get("proxy.istio.io/config")
    assert config == ("holdApplicationUntilProxyStarts: true" if holds else None)
    assert all(isinstance(value, str) for value in addition.annotations.values())


@pytest.mark.parametrize("target", Target)
def test_a_gateway_needs_a_host(rendered, target):
    with pytest.raises(ManifestError) as caught:
        rendered("functions: {hello: {}}", target)
    assert caught.value.hint == "--host fns.example.com"


@pytest.mark.parametrize("target", Target)
def test_no_key_of_routes_is_lost_without_a_reason(losses, target):
    for key, loss in losses(full_project(), target).items():
        if key.startswith(("routes", "hosts", "mutual_tls")):
            assert "no form" not in loss.reason
