"""A recorder of an API server, and a way to it."""

import pytest
from tests.builder.deploy.api_recorder import api_recorder

from wherry_build.deploy.api_server import ApiServer
from wherry_build.deploy.kubeconfig import connect


@pytest.fixture
def api():
    with api_recorder() as recorder:
        yield recorder


@pytest.fixture
def server(api, tmp_path):
    return ApiServer(connect(api.kubeconfig(tmp_path)), sleep=lambda _: None)


@pytest.fixture
def service():
    """A Service of Knative by name."""

    def service(name="hello", image="ghcr.io/acme/hello:1", namespace="fns"):
        return {
            "apiVersion": "serving.knative.dev/v1",
            "kind": "Service",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"template": {"spec": {"containers": [{"image": image}]}}},
        }

    return service
