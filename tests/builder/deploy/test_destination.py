"""Where a rendering goes: a cluster, a gateway, or both."""

import pytest
from tests.builder.deploy.recording_gateway import recording_gateway
from tests.builder.manifests.full_project import small_project

from wherry_build.deploy.deployment import Deployment, Patience, plan
from wherry_build.deploy.destination import destination
from wherry_build.deploy.openfaas_deployment import CHECKSUM
from wherry_build.errors import DeployError, DestinationNotFound
from wherry_build.manifests.options import KubeVersion, Mesh, RenderOptions, Target
from wherry_build.manifests.render import render


class Silent:
    """An observer that nobody listens to."""

    def applied(self, key, change):
        pass

    def observed(self, key, readiness):
        pass

    def waiting(self, rollout, waited_s):
        pass


@pytest.fixture
def gateway(monkeypatch, tmp_path):
    monkeypatch.setenv("OPENFAAS_CONFIG", str(tmp_path / "no-login"))
    with recording_gateway() as server:
        yield server


@pytest.fixture
def find(api, tmp_path):
    """Where the small project goes; `find(target, mesh)`."""

    def find(target=Target.KNATIVE, mesh=Mesh.NONE, *, gateway="", kubeconfig=True):
        options = RenderOptions(target=target, mesh=mesh, gateway=gateway or "http://127.0.0.1:1")
        file = api.kubeconfig(tmp_path) if kubeconfig else None
        return destination(render(small_project(), options), options, kubeconfig=file)

    return find


def deploy(found):
    made = plan(found, found.documents, force=False)
    Deployment(found, made, observer=Silent(), force=False).run(Patience(timeout_s=30))
    return made


def test_a_cluster(api, find):
    found = find()
    assert found.facts == {
        "context": "here",
        "cluster": f"here-cluster, http://127.0.0.1:{api.port}",
        "namespace": "fns",
    }
    assert found.missing_namespaces() == ()
    deploy(found)
    assert ("Service", "hello") in api.applied()


def test_a_namespace_that_is_not_there(api, find):
    api.namespaces.clear()
    found = find()
    assert found.missing_namespaces() == ("fns",)
    found.create_namespaces(found.missing_namespaces())
    assert found.missing_namespaces() == ()
    api.namespaces.clear()
    api.refuse("PATCH", "/namespaces/fns", 403, "not you")
    with pytest.raises(DeployError, match="namespace/fns: not you"):
        found.create_namespaces(["fns"])


@pytest.mark.parametrize(
    ("version", "warning"),
    [
        ("v1.33.2", ""),
        ("v1.34.0-eks-1", ""),
        ("v1.29.15+k3s1", "--kube-version 1.29"),
        ("unknown", ""),
        ("", ""),
    ],
)
def test_a_cluster_that_is_older_than_the_objects(api, find, version, warning):
    api.version = version
    said = find().other_version(KubeVersion(1, 33))
    assert said.endswith(warning)
    assert bool(said) is bool(warning)


def test_a_gateway(find, gateway):
    found = find(Target.OPENFAAS, gateway=gateway.url, kubeconfig=False)
    assert found.facts == {"gateway": gateway.url, "namespace": "fns"}
    assert found.missing_namespaces() == ()
    assert found.other_version(KubeVersion(1, 33)) == ""
    made = deploy(found)
    assert sorted(gateway.bodies()) == [each.key.name for each in made.differences]
    again = plan(found, found.documents, force=False)
    assert not again.is_changing
    assert found.warnings == ()
    for function in gateway.bodies().values():
        del function["annotations"][CHECKSUM]  # as if another tool had deployed them
    assert plan(found, found.documents, force=False).is_changing
    # What the gateway does not tell cannot be compared, and that is said.
    assert any("does not tell envVars" in warning for warning in found.warnings)


def test_a_gateway_behind_a_mesh_is_both(api, find, gateway):
    found = find(Target.OPENFAAS, Mesh.ISTIO, gateway=gateway.url)
    assert list(found.facts) == ["context", "cluster", "gateway", "namespace"]
    api.namespaces.update(found.facts["namespace"].split(", "))
    deploy(found)
    assert gateway.bodies()
    assert "VirtualService" in {kind for kind, _ in api.applied()}
    assert "Function" not in {kind for kind, _ in api.applied()}


def test_a_gateway_has_no_context(find, gateway):
    with pytest.raises(DestinationNotFound, match="go through its gateway"):
        find(Target.OPENFAAS, gateway=gateway.url)


def test_what_to_type_to_see_more(api, find, gateway, tmp_path):
    cluster = find()
    key = plan(cluster, cluster.documents, force=False).differences[0].key
    said = f"--context here -n fns describe {key.resource} {key.name}"
    assert cluster.inspection(key) == f"kubectl --kubeconfig {tmp_path / 'kubeconfig'} {said}"
    behind = find(Target.OPENFAAS, gateway=gateway.url, kubeconfig=False)
    key = plan(behind, behind.documents, force=False).differences[0].key
    said = f"faas-cli logs {key.name} --namespace fns --gateway {gateway.url}"
    assert behind.inspection(key) == said
