"""What a rendering depends on besides the project: the closed sets that the command offers."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from functools import total_ordering
from pathlib import Path

from wherry_build.errors import InvalidName
from wherry_build.project.image_name import LOCAL_REGISTRY

GATEWAY_CLASS = "istio"


class Target(enum.Enum):
    """The platform that is rendered for."""

    OPENFAAS = "openfaas"
    KNATIVE = "knative"
    KUBERNETES = "kubernetes"

    @property
    def namespace(self) -> str:
        """Where its functions live when nothing is said."""
        return "openfaas-fn" if self is Target.OPENFAAS else "default"


class Mesh(enum.Enum):
    """The mesh, or the API of gateways, that carries the project's routes."""

    NONE = "none"
    ISTIO = "istio"
    GATEWAY_API = "gateway-api"
    LINKERD = "linkerd"
    KUMA = "kuma"
    CONSUL = "consul"


class Sidecar(enum.Enum):
    """The proxy beside each function that we configure ourselves."""

    NONE = "none"
    ENVOY = "envoy"
    NGINX = "nginx"
    HAPROXY = "haproxy"


class Edition(enum.Enum):
    """Edition of OpenFaaS, for its limits."""

    CE = "ce"
    PRO = "pro"


@total_ordering
@dataclass(frozen=True, slots=True)
class KubeVersion:
    """Minor version of Kubernetes, `1.33`."""

    major: int
    minor: int

    @classmethod
    def parse(cls, text: str) -> KubeVersion:
        """Read `text`, such as `1.33` or `v1.33.2`.

        Raises:
            InvalidName: It is no version.
        """
        found = re.fullmatch(r"v?([0-9]{1,3})\.([0-9]{1,3})(\.[0-9]{1,5})?", text)
        if found is None:
            raise InvalidName(f"version of Kubernetes: got {text!a}, expected one such as `1.33`")
        return cls(int(found[1]), int(found[2]))

    def __lt__(self, other: KubeVersion) -> bool:
        return (self.major, self.minor) < (other.major, other.minor)

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderOptions:
    """What a rendering depends on besides the project.

    Attributes:
        namespace: Where it goes, when it is not where the project says.
        registry: Repository prefix of every image that has no reference of its own.
        tag: Tag of every such image.
        gateway: URL of OpenFaaS's gateway.
        gateway_class: Which implementation of the Gateway API serves the routes.
        host: Host that the gateway serves, besides those of the project.
        tls_secret: Secret with that host's certificate; without one it is plain HTTP.
        kube_version: Version of Kubernetes that the objects are for.
        edition: Edition of OpenFaaS that the stack is for.
        function_objects: Whether OpenFaaS's own objects are written beside the stack file.
        template_source: Repository that faas-cli gets the template from, where it is not at hand.
        monitoring: Whether ServiceMonitor and PrometheusRule are written.
        part_of: Name that is written as a label of every object; none when empty.
        working_directory: Where faas-cli is going to be run.
    """

    target: Target
    mesh: Mesh = Mesh.NONE
    sidecar: Sidecar = Sidecar.NONE
    namespace: str | None = None
    registry: str = LOCAL_REGISTRY
    tag: str = "latest"
    gateway: str = "http://127.0.0.1:8080"
    gateway_class: str = GATEWAY_CLASS
    host: str | None = None
    tls_secret: str | None = None
    kube_version: KubeVersion = KubeVersion(1, 33)
    edition: Edition = Edition.CE
    function_objects: bool = False
    template_source: str | None = None
    monitoring: bool = False
    part_of: str = ""
    working_directory: Path = Path()
