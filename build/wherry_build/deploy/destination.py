"""Where a rendering goes: a cluster, OpenFaaS's gateway, or both when a mesh is in front of it.

Puts the edges together; what is done with them is `deployment`'s.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from wherry_build.deploy.api_server import ApiServer
from wherry_build.deploy.gateway_functions import GatewayFunctions, is_function
from wherry_build.deploy.identity import KubernetesObject, ObjectKey
from wherry_build.deploy.kubeconfig import Connection, connect
from wherry_build.deploy.openfaas import Gateway
from wherry_build.deploy.pruning import is_of_project, left_over, looked_for, selector
from wherry_build.deploy.refusal import Refusal, refused
from wherry_build.errors import DestinationNotFound, InvalidName
from wherry_build.manifests.document import Document
from wherry_build.manifests.options import KubeVersion, RenderOptions, Target
from wherry_build.manifests.render import Rendering


class Destination:
    """Where objects go; `Cluster` of `deployment`.

    Attributes:
        documents: The objects that go there, in apply order.
        facts: What it is, to be shown before anything is changed: names and values.
    """

    def __init__(
        self,
        documents: Sequence[Document],
        *,
        connection: Connection | None,
        functions: GatewayFunctions | None,
    ) -> None:
        self.documents = tuple(documents)
        self._server = ApiServer(connection) if connection is not None else None
        self._functions = functions
        facts: dict[str, str] = {}
        if connection is not None:
            facts["context"] = connection.context
            facts["cluster"] = f"{connection.cluster}, {connection.server}"
        if functions is not None:
            facts["gateway"] = functions.url
        facts["namespace"] = ", ".join(self._namespaces()) or "none"
        self.facts = facts

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was warned of until now."""
        server = self._server.warnings if self._server is not None else ()
        return (*server, *(self._functions.warnings if self._functions is not None else ()))

    def get(self, key: ObjectKey) -> KubernetesObject | Refusal | None:
        """The object as it is; None when it is not there.

        Raises:
            PlatformUnavailable: Nobody answers, or nobody lets us in.
        """
        return self._side(key).get(key)

    def apply(
        self, value: KubernetesObject, *, force: bool, dry_run: bool = False
    ) -> KubernetesObject | Refusal:
        """Apply one object; it as it is then, or would be.

        Raises:
            PlatformUnavailable: Nobody answers, or nobody lets us in.
        """
        return self._side(ObjectKey.of(value)).apply(value, force=force, dry_run=dry_run)

    def inspection(self, key: ObjectKey) -> str:
        """The command that tells more of an object."""
        return self._side(key).inspection(key)

    def missing_namespaces(self) -> tuple[str, ...]:
        """Namespaces that objects go to and that the cluster does not have.

        Raises:
            PlatformUnavailable: The cluster does not answer, or does not know us.
        """
        if self._server is None:
            return ()
        server = self._server
        return tuple(name for name in self._namespaces() if not server.has_namespace(name))

    def create_namespaces(self, names: Sequence[str]) -> None:
        """Create namespaces of the cluster.

        Raises:
            DeployError: The cluster refuses one.
            PlatformUnavailable: The cluster does not answer, or does not know us.
        """
        for name in names:
            refusal = self._cluster().create_namespace(name)
            if refusal is not None:
                raise refused([refusal], applied=())

    def left_over(self, part_of: str) -> tuple[ObjectKey, ...]:
        """What an earlier deployment of the project left here, in the order to delete it in.

        Raises:
            DeployError: The cluster does not tell.
            PlatformUnavailable: The cluster does not answer, or does not know us.
        """
        listed: list[KubernetesObject] = []
        refusals: list[Refusal] = []
        for kind in looked_for(self._namespaces()):
            found = self._cluster().listed(kind, selector=selector(part_of))
            if isinstance(found, Refusal):
                refusals.append(found)
            else:
                listed += found
        if refusals:
            raise refused(refusals, applied=None)
        kept = [ObjectKey.of(each.value) for each in self.documents]
        return left_over(listed, kept, part_of=part_of)

    def delete(self, key: ObjectKey, *, part_of: str) -> bool:
        """Delete an object, if it is the project's still; whether it was.

        Raises:
            DeployError: The cluster refuses it.
            PlatformUnavailable: The cluster does not answer, or does not know us.
        """
        seen = self._cluster().get(key)
        if seen is None or (not isinstance(seen, Refusal) and not is_of_project(seen, part_of)):
            return False
        refusal = seen if isinstance(seen, Refusal) else self._cluster().delete(key, seen=seen)
        if refusal is not None:
            raise refused([refusal], applied=())
        return True

    def other_version(self, rendered_for: KubeVersion) -> str:
        """A warning when the cluster is older than what the objects are for; else empty.

        Raises:
            PlatformUnavailable: The cluster does not answer, or does not know us.
        """
        if self._server is None:
            return ""
        try:
            version = KubeVersion.parse(self._server.version().partition("-")[0].partition("+")[0])
        except InvalidName:
            return ""  # it does not tell, or calls itself something else
        if version >= rendered_for:
            return ""
        return (
            f"the cluster is Kubernetes {version}, and the objects are for {rendered_for}; "
            f"give --kube-version {version}"
        )

    def _side(self, key: ObjectKey) -> ApiServer | GatewayFunctions:
        if self._functions is not None and is_function(key):
            return self._functions
        return self._cluster()

    def _cluster(self) -> ApiServer:
        if self._server is None:
            raise AssertionError("an object of Kubernetes, and no cluster that it goes to")
        return self._server

    def _namespaces(self) -> list[str]:
        keys = [ObjectKey.of(each.value) for each in self.documents]
        return sorted({key.namespace for key in keys if key.namespace})


def destination(
    rendering: Rendering,
    options: RenderOptions,
    *,
    kubeconfig: Path | None = None,
    context: str | None = None,
) -> Destination:
    """Where `rendering` goes; nobody is asked yet.

    Raises:
        DestinationNotFound: There is no such context, or no use for one.
        PlatformUnavailable: Where the cluster is, or how we are let in, is not said.
        ExtraMissing: A package of the extra `deploy` is not installed.
    """
    objects = [each for each in rendering.documents if "kind" in each.value]
    if options.target is not Target.OPENFAAS:
        found = connect(kubeconfig, context)
        return Destination(objects, connection=found, functions=None)
    gateway = Gateway.logged_in(options.gateway, environment=os.environ, home=Path.home())
    functions = GatewayFunctions(gateway, rendering.documents)
    # The gateway makes the objects of functions itself, where it has any.
    others = [each for each in objects if not is_function(ObjectKey.of(each.value))]
    if not others and (kubeconfig is not None or context is not None):
        raise DestinationNotFound(
            "--context and --kubeconfig: OpenFaaS's functions go through its gateway",
            hint="--gateway URL",
        )
    return Destination(
        [*functions.documents(), *others],
        connection=connect(kubeconfig, context) if others else None,
        functions=functions,
    )
