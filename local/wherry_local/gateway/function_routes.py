"""`/system/functions` and `/system/function/{name}`: what is deployed, and deploying."""

from __future__ import annotations

from collections.abc import Callable

from wherry.reply import Reply
from wherry_local.deployment import FunctionKey
from wherry_local.front.asked import Asked
from wherry_local.front.route import Route
from wherry_local.gateway import names
from wherry_local.gateway.answers import document, in_text, object_of, text
from wherry_local.gateway.deployments import Deployed, Deployments
from wherry_local.gateway.fleet import Fleet
from wherry_local.gateway.function_deployment import read_deployment
from wherry_local.gateway.function_status import status_document
from wherry_local.gateway.namespaces import Namespaces
from wherry_local.gateway.usage import usage_of


class FunctionRoutes:
    """The functions of one platform.

    Args:
        deployments: Which there are.
        fleet: Who serves them.
        namespaces: Which namespaces there are.
        calls: How often a function was called.
    """

    def __init__(
        self,
        deployments: Deployments,
        fleet: Fleet,
        namespaces: Namespaces,
        calls: Callable[[FunctionKey], int],
    ) -> None:
        self._deployments = deployments
        self._fleet = fleet
        self._namespaces = namespaces
        self._calls = calls

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route(methods=(method,), pattern="/system/functions", answer=in_text(answer))
            for method, answer in (
                ("GET", self._list),
                ("POST", self._create),
                ("PUT", self._change),
                ("DELETE", self._delete),
            )
        ] + [Route(methods=("GET",), pattern="/system/function/{name}", answer=in_text(self._show))]

    async def _list(self, asked: Asked) -> Reply:
        namespaces = self._namespaces.shown_with(namespace_of(asked, {}))
        return document(200, [self._status(each) for each in self._deployments.all(namespaces)])

    async def _show(self, asked: Asked) -> Reply:
        named = names.key_in_path(asked.named["name"])
        namespace = namespace_of(asked, {}) or named.namespace
        deployed = self._deployments.find(self._deployments.locate(named.name, namespace))
        if deployed is None:
            return text(404)
        if asked.arguments().get("usage") not in {"1", "true"}:
            return document(200, self._status(deployed))
        replicas = self._fleet.find(deployed.deployment.key)
        usage = usage_of(replicas) if replicas is not None else {}
        return document(200, {**self._status(deployed), "usage": usage})

    async def _create(self, asked: Asked) -> Reply:
        said = object_of(asked)
        await self._deployments.create(read_deployment(said, namespace=namespace_of(asked, said)))
        return text(202)

    async def _change(self, asked: Asked) -> Reply:
        said = object_of(asked)
        await self._deployments.change(read_deployment(said, namespace=namespace_of(asked, said)))
        return text(202)

    async def _delete(self, asked: Asked) -> Reply:
        said = object_of(asked)
        name = names.function_name(said.get("functionName"), where="functionName")
        message = await self._deployments.delete(name, namespace_of(asked, said))
        return document(202, {"message": message}) if message else text(202)

    def _status(self, deployed: Deployed) -> dict[str, object]:
        key = deployed.deployment.key
        return status_document(deployed, self._fleet.find(key), calls=self._calls(key))


def namespace_of(asked: Asked, said: dict[str, object]) -> str:
    """The namespace that a request names, in its body or else in its query; empty for none.

    Clients differ in where they put it: faas-cli in the body, the gateway's own page in the query.

    Raises:
        Refused: It is no name.
    """
    value = said.get("namespace") or asked.arguments().get("namespace")
    return names.namespace_name(value) if value else ""
