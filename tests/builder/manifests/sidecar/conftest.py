"""A project beside which a proxy is rendered, as objects by kind and name."""

import pytest
from tests.builder.manifests.full_project import made

from wherry_build.manifests import KubeVersion, RenderOptions, Sidecar, Target, render
from wherry_build.manifests.resolution import topology as resolved


@pytest.fixture(params=[Sidecar.ENVOY, Sidecar.NGINX, Sidecar.HAPROXY], ids=lambda each: each.value)
def sidecar(request):
    return request.param


@pytest.fixture
def rendering():
    """`rendering(text, sidecar, **options)`."""

    def rendering(text, sidecar, **more):
        options = {
            "target": Target.KUBERNETES,
            "registry": "ghcr.io/acme",
            "tag": "1.4.2",
            "kube_version": KubeVersion(1, 33),
            **more,
        }
        return render(made(text), RenderOptions(sidecar=sidecar, **options))

    return rendering


@pytest.fixture
def objects(rendering):
    """`objects(text, sidecar, **options)`: values by kind and name."""

    def objects(text, sidecar, **more):
        found = [document.value for document in rendering(text, sidecar, **more).documents]
        return {(each["kind"], each["metadata"]["name"]): each for each in found}

    return objects


@pytest.fixture
def topology():
    """`topology(text)`."""

    def topology(text):
        return resolved(made(text), RenderOptions(target=Target.KUBERNETES))

    return topology
