"""What a pod gets with a proxy: native or not, with which ports, and what it reads."""

import pytest
from tests.builder.manifests.full_project import made

from wherry_build.manifests import KubeVersion, Mesh, RenderOptions, Sidecar, Target, render
from wherry_build.values import replaced

PROJECT = """
namespace: fns
functions: {hello: {}}
hosts:
  a.example.com: {tls: {secret: a-tls}}
  b.example.com: {tls: {secret: b-tls}}
routes: {hello: {path: {prefix: /hello}, function: hello}}
"""


def pod(found):
    return found["Deployment", "hello"]["spec"]["template"]["spec"]


def configuration(found, sidecar):
    (name,) = [
        name
        for kind, name in found
        if kind == "ConfigMap" and name.startswith(f"functions-{sidecar.value}-")
    ]
    return name, found["ConfigMap", name]


def test_a_native_sidecar_since_1_29(objects, sidecar):
    native = pod(objects(PROJECT, sidecar, kube_version=KubeVersion(1, 29)))
    (proxy,) = native["initContainers"]
    assert (proxy["name"], proxy["restartPolicy"]) == (sidecar.value, "Always")
    assert proxy["startupProbe"]["httpGet"] == {"path": "/proxy-healthz", "port": 8080}
    assert [each["name"] for each in native["containers"]] == ["function"]
    plain = pod(objects(PROJECT, sidecar, kube_version=KubeVersion(1, 28)))
    assert "initContainers" not in plain
    assert [each["name"] for each in plain["containers"]] == ["function", sidecar.value]
    assert "restartPolicy" not in plain["containers"][1]


def test_in_a_knative_service_it_has_the_port_and_the_probe(objects, sidecar):
    found = objects(PROJECT, sidecar, target=Target.KNATIVE)
    spec = found["Service", "hello"]["spec"]["template"]["spec"]
    function, proxy = spec["containers"]
    assert "initContainers" not in spec
    assert proxy["ports"] == [{"name": "http1", "containerPort": 8080}]
    assert proxy["readinessProbe"]["httpGet"]["path"] == "/health/readiness"
    assert {"ports", "readinessProbe", "livenessProbe"}.isdisjoint(function)
    assert {"lifecycle", "startupProbe", "restartPolicy"}.isdisjoint(proxy)
    assert not any("secret" in each for each in spec["volumes"])


def test_the_function_is_on_loopback_and_asked_through_the_proxy(objects, sidecar):
    found = objects(PROJECT, sidecar)
    (function,) = pod(found)["containers"]
    variables = {each["name"]: each["value"] for each in function["env"]}
    assert (variables["PORT"], variables["WHERRY_HOST"]) == ("8000", "127.0.0.1")
    assert "ports" not in function
    assert function["readinessProbe"]["httpGet"] == {"path": "/health/readiness", "port": 8080}
    ports = found["Service", "hello"]["spec"]["ports"]
    assert {each["name"]: (each["port"], each["targetPort"]) for each in ports} == {
        "http": (80, 8080),
        "https": (443, 8443),
    }


def test_what_it_reads_is_mounted(objects, sidecar):
    found = objects(PROJECT, sidecar)
    name, config_map = configuration(found, sidecar)
    spec = pod(found)
    volumes = {each["name"]: each for each in spec["volumes"]}
    mounts = {
        each["mountPath"]: volumes[each["name"]]
        for each in spec["initContainers"][0]["volumeMounts"]
    }
    assert mounts["/etc/wherry/proxy"]["configMap"] == {"name": name}
    assert mounts["/etc/wherry/tls/a-tls"]["secret"]["secretName"] == "a-tls"
    assert mounts["/etc/wherry/tls/b-tls"]["secret"]["secretName"] == "b-tls"
    assert config_map["immutable"] is True
    text = "".join(config_map["data"].values())
    for secret in ("a-tls", "b-tls"):
        assert f"/etc/wherry/tls/{secret}/tls.crt" in text
        # HAProxy finds the key beside the certificate by itself.
        assert sidecar is Sidecar.HAPROXY or f"/etc/wherry/tls/{secret}/tls.key" in text


def test_the_configuration_is_one_for_all_and_named_by_its_content(objects, sidecar):
    two = PROJECT.replace("{hello: {}}", "{hello: {}, orders: {}}")
    found = objects(two, sidecar)
    name, _ = configuration(found, sidecar)
    for function in ("hello", "orders"):
        volumes = found["Deployment", function]["spec"]["template"]["spec"]["volumes"]
        assert {"name": name} in [each.get("configMap") for each in volumes]
    assert configuration(objects(two, sidecar), sidecar)[0] == name
    other = two.replace("prefix: /hello", "prefix: /hallo")
    assert configuration(objects(other, sidecar), sidecar)[0] != name


@pytest.mark.parametrize("mesh", [Mesh.ISTIO, Mesh.GATEWAY_API, Mesh.LINKERD])
def test_behind_a_mesh_it_has_neither_routes_nor_certificates(objects, sidecar, mesh):
    found = objects(PROJECT, sidecar, mesh=mesh)
    _, config_map = configuration(found, sidecar)
    text = "".join(config_map["data"].values())
    assert "example.com" not in text
    assert "8443" not in text
    assert not any(name.endswith("-pods") for _, name in found)
    assert [each["name"] for each in found["Service", "hello"]["spec"]["ports"]] == ["http"]


def test_the_pods_that_routes_lead_to_have_a_name(objects, sidecar):
    text = """
namespace: fns
functions: {hello: {revisions: {v1: {percent: 90}, v2: {percent: 10}}}, orders: {}}
hosts: {a.example.com: {}}
routes: {hello: {path: {prefix: /hello}, function: hello}}
"""
    found = objects(text, sidecar)
    names = [name for _, name in found if name.endswith("-pods")]
    assert names == ["hello-v1-pods", "hello-v2-pods"]
    spec = found["Service", "hello-v1-pods"]["spec"]
    assert spec["clusterIP"] == "None"
    assert spec["selector"] == {"app.kubernetes.io/name": "hello", "version": "v1"}
    labels = found["Deployment", "hello-v1"]["spec"]["template"]["metadata"]["labels"]
    assert spec["selector"].items() <= labels.items()
    _, config_map = configuration(found, sidecar)
    assert "hello-v1-pods.fns.svc.cluster.local" in "".join(config_map["data"].values())


def test_memory_grows_with_what_envoy_knows(objects):
    many = "functions:\n" + "".join(f"  f{number}: {{}}\n" for number in range(160))
    found = objects(f"{many}hosts: {{a.example.com: {{}}}}\n", Sidecar.ENVOY)
    (proxy,) = found["Deployment", "f0"]["spec"]["template"]["spec"]["initContainers"]
    assert proxy["resources"]["limits"]["memory"] == "148Mi"


@pytest.mark.parametrize("target", [Target.KUBERNETES, Target.KNATIVE])
def test_the_lock_of_images_pins_its_image(sidecar, target):
    options = RenderOptions(target=target, sidecar=sidecar, registry="ghcr.io/acme")
    by_tag = render(made(PROJECT), options)
    (warning,) = [each for each in by_tag.warnings if "the sidecar's image" in each]
    image = warning.split()[3]
    digest = f"sha256:{'a' * 64}"
    pinned = render(replaced(made(PROJECT), digests={image: digest}), options)
    assert not [each for each in pinned.warnings if "the sidecar's image" in each]
    assert f'image: "{image}@{digest}"' in pinned.stream()
    assert f'image: "{image}"' not in pinned.stream()
