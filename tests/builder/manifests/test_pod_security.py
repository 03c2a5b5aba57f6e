"""Every pod that is rendered passes the restricted Pod Security Standard, sidecars included."""

import copy
import importlib.util
import itertools

import pytest
from tests.builder.manifests.full_project import full_project, small_project
from tests.builder.manifests.pod_security import pods, violations

from wherry_build.errors import ManifestError
from wherry_build.manifests import KubeVersion, Mesh, RenderOptions, Sidecar, Target, render

PROJECTS = {"small": small_project, "full": full_project}
VERSIONS = (KubeVersion(1, 28), KubeVersion(1, 33))


def is_there(choice):
    package = choice.value.replace("-", "_")
    if isinstance(choice, Sidecar):
        package = f"sidecar.{package}"
    try:
        return (
            choice.value == "none"
            or importlib.util.find_spec(f"wherry_build.manifests.{package}") is not None
        )
    except ModuleNotFoundError:
        return False


MESHES = list(filter(is_there, Mesh))
SIDECARS = list(filter(is_there, Sidecar))
PAIRS = [
    *((mesh, Sidecar.NONE) for mesh in MESHES),
    *((mesh, each) for mesh in (Mesh.NONE, Mesh.ISTIO) for each in SIDECARS),
]


def rendered(project, **options):
    options = RenderOptions(registry="ghcr.io/acme", tag="1.4.2", host="fns.example.com", **options)
    return [document.value for document in render(project, options).documents]


@pytest.mark.parametrize("project", PROJECTS)
@pytest.mark.parametrize("target", [Target.KNATIVE, Target.KUBERNETES])
def test_every_pod(target, project):
    for (mesh, sidecar), version in itertools.product(PAIRS, VERSIONS):
        try:
            objects = rendered(
                PROJECTS[project](),
                target=target,
                mesh=mesh,
                sidecar=sidecar,
                kube_version=version,
                monitoring=True,
            )
        except ManifestError:
            assert mesh is not Mesh.NONE and sidecar is not Sidecar.NONE, "only a pair is refused"
            continue
        found = list(pods(objects))
        assert len(found) >= 2
        told = [f"{owner}: {each}" for owner, pod in found for each in violations(pod)]
        assert told == [], (mesh, sidecar, version)


def good():
    objects = rendered(small_project(), target=Target.KUBERNETES)
    return next(pod for _, pod in pods(objects))


def function(pod):
    return pod["spec"]["containers"][0]


def context(pod):
    return function(pod)["securityContext"]


def without(key):
    return lambda pod: context(pod).pop(key)


def bare_sidecar(pod):
    pod["spec"]["initContainers"] = [{"name": "proxy", "restartPolicy": "Always"}]


def root_by_pod(pod):
    pod["spec"]["securityContext"]["runAsNonRoot"] = False
    context(pod).pop("runAsNonRoot")


FORBIDDEN = {
    "hostNetwork": lambda pod: pod["spec"].update(hostNetwork=True),
    "hostPID": lambda pod: pod["spec"].update(hostPID=True),
    "hostIPC": lambda pod: pod["spec"].update(hostIPC=True),
    "host-path": lambda pod: pod["spec"]["volumes"].append({"name": "x", "hostPath": {}}),
    "sysctls": lambda pod: pod["spec"]["securityContext"].update(
        sysctls=[{"name": "kernel.msgmax", "value": "1"}]
    ),
    "pod-host-process": lambda pod: pod["spec"]["securityContext"].update(
        windowsOptions={"hostProcess": True}
    ),
    "pod-root": lambda pod: pod["spec"]["securityContext"].update(runAsUser=0),
    "pod-unconfined": lambda pod: pod["spec"]["securityContext"].update(
        seccompProfile={"type": "Unconfined"}
    ),
    "privileged": lambda pod: context(pod).update(privileged=True),
    "escalation": without("allowPrivilegeEscalation"),
    "capabilities-kept": without("capabilities"),
    "capabilities-added": lambda pod: context(pod)["capabilities"].update(add=["SYS_ADMIN"]),
    "host-port": lambda pod: function(pod)["ports"][0].update(hostPort=80),
    "app-armor": lambda pod: context(pod).update(appArmorProfile={"type": "Unconfined"}),
    "app-armor-annotation": lambda pod: pod["metadata"].update(
        annotations={"container.apparmor.security.beta.kubernetes.io/function": "unconfined"}
    ),
    "selinux": lambda pod: context(pod).update(seLinuxOptions={"type": "spc_t"}),
    "selinux-user": lambda pod: context(pod).update(seLinuxOptions={"user": "x"}),
    "proc-mount": lambda pod: context(pod).update(procMount="Unmasked"),
    "seccomp": lambda pod: context(pod).update(seccompProfile={"type": "Unconfined"}),
    "root": lambda pod: context(pod).update(runAsUser=0),
    "root-by-pod": root_by_pod,
    "probe-host": lambda pod: function(pod)["livenessProbe"]["httpGet"].update(host="10.0.0.1"),
    "hook-host": lambda pod: function(pod).update(
        lifecycle={"preStop": {"httpGet": {"host": "10.0.0.1", "port": 1}}}
    ),
    "sidecar": bare_sidecar,
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_each_control_is_looked_at(name):
    pod = copy.deepcopy(good())
    assert violations(pod) == []
    FORBIDDEN[name](pod)
    assert violations(pod) != []
