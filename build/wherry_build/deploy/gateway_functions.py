"""The functions behind OpenFaaS's gateway as objects, so that a deployment is one for all targets.

A function is an object `openfaas.com/v1 Function` whose `spec` has the keys that the gateway has
for it. Such objects are of the deployment alone; they are not those of OpenFaaS's operator.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from wherry_build.deploy.identity import KubernetesObject, ObjectKey
from wherry_build.deploy.openfaas import Gateway
from wherry_build.deploy.openfaas_deployment import FunctionDeployment, deployments, differences
from wherry_build.manifests.document import Document
from wherry_build.manifests.yaml import Node

_API_VERSION, _KIND = "openfaas.com/v1", "Function"


def is_function(key: ObjectKey) -> bool:
    """Whether it is a function of OpenFaaS."""
    return (key.api_version, key.kind) == (_API_VERSION, _KIND)


class GatewayFunctions:
    """The functions of stack files, behind one gateway; `Cluster` of `deployment`.

    Args:
        gateway: Where they are put.
        documents: What was rendered; the stack files among it count.

    Raises:
        DeployError: A stack file is none of ours.
    """

    def __init__(self, gateway: Gateway, documents: Iterable[Document]) -> None:
        self._gateway = gateway
        stacks = [each.value for each in documents if "kind" not in each.value]
        listed = [each for stack in stacks for each in deployments(stack)]
        self._wanted = {ObjectKey.of(_object(each, {})): each for each in listed}
        self._untold: dict[str, tuple[str, ...]] = {}

    def documents(self) -> tuple[Document, ...]:
        """Every function, as an object."""
        return tuple(
            Document(file=f"10-function-{each.name}.yaml", value=_object(each, each.body()))
            for each in self._wanted.values()
        )

    @property
    def url(self) -> str:
        """Address of the gateway."""
        return self._gateway.url

    @property
    def warnings(self) -> tuple[str, ...]:
        """What whoever deploys should know of the connection, and of what cannot be compared."""
        return (
            *self._gateway.warnings,
            *(
                f"{name}: the gateway does not tell {', '.join(keys)}; whether they differ is "
                "not known"
                for name, keys in self._untold.items()
            ),
        )

    def get(self, key: ObjectKey) -> KubernetesObject | None:
        """The function as it is, as far as the gateway tells it; None when it is not there.

        Raises:
            PlatformUnavailable: The gateway does not answer, or does not let us in.
            DeployError: It answers something that is no status.
        """
        wanted = self._wanted[key]
        status = self._gateway.status(wanted.name, namespace=wanted.namespace)
        if status is None:
            return None
        compared = differences(wanted, status)
        if compared.untold:
            self._untold[wanted.name] = compared.untold
        counts: Node = {"replicas": status.replicas, "availableReplicas": status.available}
        return {**_object(wanted, compared.there or {}), "status": counts}

    def apply(
        self, value: KubernetesObject, *, force: bool, dry_run: bool = False
    ) -> KubernetesObject:
        """Put the function there; with `dry_run`, say as what the gateway would tell it.

        Raises:
            PlatformUnavailable: The gateway does not answer, or does not let us in.
            DeployError: It refuses the function.
        """
        del force  # a field has no owner there
        wanted = self._wanted[ObjectKey.of(value)]
        if dry_run:
            return _object(wanted, self._gateway.differences(wanted).wanted)
        self._gateway.deploy(wanted)
        return value

    def inspection(self, key: ObjectKey) -> str:
        """The command that tells more of a function."""
        words = ["faas-cli", "logs", key.name, "--namespace", key.namespace, "--gateway", self.url]
        return shlex.join(words)


def _object(function: FunctionDeployment, spec: Node) -> dict[str, Node]:
    return {
        "apiVersion": _API_VERSION,
        "kind": _KIND,
        "metadata": {"name": function.name, "namespace": function.namespace},
        "spec": spec,
    }
