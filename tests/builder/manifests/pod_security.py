"""The Pod Security Standard `restricted`, control by control, for any pod that is rendered.

https://kubernetes.io/docs/concepts/security/pod-security-standards/ as of Kubernetes 1.36. What
`restricted` asks for includes all of `baseline`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

VOLUMES = frozenset(
    {
        "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim",
        "projected", "secret",
    }
)  # fmt: skip
SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_unprivileged_port_start", "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes",
    }
)  # fmt: skip
SELINUX_TYPES = frozenset(
    {None, "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
)
APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
CONTAINER_LISTS = ("containers", "initContainers", "ephemeralContainers")
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
Object = dict[str, Any]


def pods(objects: list[Object]) -> Iterator[tuple[str, Object]]:
    """Each pod template among `objects`, with what it belongs to; a Knative Service has one."""
    for item in objects:
        spec = item.get("spec", {})
        template = spec.get("template") if isinstance(spec, dict) else None
        if isinstance(template, dict) and "containers" in template.get("spec", {}):
            yield f"{item['kind']} {item['metadata']['name']}", template


def violations(template: Object) -> list[str]:
    """What of `template` the standard forbids."""
    spec = template["spec"]
    return [
        *_annotations(template.get("metadata", {}).get("annotations", {})),
        *_pod(spec),
        *(
            f"{container['name']}: {told}"
            for listed in CONTAINER_LISTS
            for container in spec.get(listed, [])
            for told in _container(container, spec.get("securityContext", {}))
        ),
    ]


def _annotations(annotations: Object) -> Iterator[str]:
    for key, value in annotations.items():
        if key.startswith(APPARMOR) and not (
            value == "runtime/default" or value.startswith("localhost/")
        ):
            yield "AppArmor by annotation"


def _pod(spec: Object) -> Iterator[str]:
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(key):
            yield key
    for volume in spec.get("volumes", []):
        if set(volume) - {"name"} - VOLUMES:
            yield f"volume {volume['name']}"
    context = spec.get("securityContext", {})
    yield from _either(context)
    if any(each["name"] not in SYSCTLS for each in context.get("sysctls", [])):
        yield "sysctls"


def _either(context: Object) -> Iterator[str]:
    """What a pod's security context and a container's have in common."""
    if context.get("windowsOptions", {}).get("hostProcess"):
        yield "HostProcess"
    selinux = context.get("seLinuxOptions", {})
    if selinux.get("type") not in SELINUX_TYPES or selinux.get("user") or selinux.get("role"):
        yield "SELinux"
    if context.get("appArmorProfile", {}).get("type", "RuntimeDefault") == "Unconfined":
        yield "AppArmor"
    if context.get("runAsUser") == 0:
        yield "runAsUser"
    if context.get("seccompProfile", {}).get("type", "RuntimeDefault") == "Unconfined":
        yield "seccomp"


def _container(container: Object, pod: Object) -> Iterator[str]:
    context = container.get("securityContext", {})
    yield from _either(context)
    if context.get("privileged"):
        yield "privileged"
    if context.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation"
    if context.get("procMount", "Default") != "Default":
        yield "procMount"
    if any(port.get("hostPort") for port in container.get("ports", [])):
        yield "hostPort"
    capabilities = context.get("capabilities", {})
    if "ALL" not in capabilities.get("drop", []):
        yield "capabilities.drop"
    if set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}:
        yield "capabilities.add"
    if context.get("runAsNonRoot", pod.get("runAsNonRoot")) is not True:
        yield "runAsNonRoot"
    profile = context.get("seccompProfile", pod.get("seccompProfile", {}))
    if profile.get("type") not in {"RuntimeDefault", "Localhost"}:
        yield "seccompProfile"
    yield from _hosts(container)


def _hosts(container: Object) -> Iterator[str]:
    """Probes and hooks go to the pod itself (since Kubernetes 1.34)."""
    hooks = [container.get("lifecycle", {}).get(key, {}) for key in ("postStart", "preStop")]
    for action in (*hooks, *(container.get(key, {}) for key in PROBES)):
        if any(action.get(key, {}).get("host") for key in ("httpGet", "tcpSocket")):
            yield "host of a probe or hook"
