"""`/system/namespaces` and `/system/namespace/{name}`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wherry.reply import Reply
from wherry_local.front.asked import Asked
from wherry_local.front.route import Route
from wherry_local.gateway import names
from wherry_local.gateway.answers import Refused, document, in_text, object_of, text
from wherry_local.gateway.function_deployment import texts_of
from wherry_local.gateway.namespaces import Namespace, Namespaces
from wherry_local.gateway.secret_store import SecretStore


class NamespaceRoutes:
    """The namespaces of one platform.

    Args:
        namespaces: Which there are.
        secrets: Their secrets, which go with them.
        is_used: Whether functions live in one.
    """

    def __init__(
        self, namespaces: Namespaces, secrets: SecretStore, is_used: Callable[[str], bool]
    ) -> None:
        self._namespaces = namespaces
        self._secrets = secrets
        self._is_used = is_used

    def routes(self) -> list[Route]:
        """The routes."""
        one = "/system/namespace/{name}"
        return [
            Route(methods=(method,), pattern=pattern, answer=in_text(answer))
            for method, pattern, answer in (
                ("GET", "/system/namespaces", self._list),
                ("POST", "/system/namespace/", self._create),
                ("GET", one, self._show),
                ("POST", one, self._create),
                ("PUT", one, self._change),
                ("DELETE", one, self._delete),
            )
        ]

    async def _list(self, _asked: Asked) -> Reply:
        return document(200, self._namespaces.names())

    async def _show(self, asked: Asked) -> Reply:
        found = self._namespaces.find(names.namespace_name(asked.named["name"]))
        if found is None:
            raise Refused(404, "namespace not found")
        shown = {
            "name": found.name,
            "labels": dict(found.labels),
            "annotations": dict(found.annotations),
        }
        return document(200, shown)

    async def _create(self, asked: Asked) -> Reply:
        self._namespaces.create(self._said(asked))
        return text(201)

    async def _change(self, asked: Asked) -> Reply:
        self._namespaces.change(self._said(asked))
        return text(202)

    async def _delete(self, asked: Asked) -> Reply:
        name = names.namespace_name(asked.named["name"])
        self._namespaces.delete(name, is_used=self._is_used(name))
        self._secrets.clear(name)
        return text(202)

    @staticmethod
    def _said(asked: Asked) -> Namespace:
        said: dict[str, Any] = object_of(asked)
        in_path = asked.named.get("name")
        name = names.namespace_name(said.get("name") or in_path, where="name")
        if in_path not in {None, name}:
            raise Refused(400, "name: expected the name in the path")
        return Namespace(
            name=name, labels=texts_of(said, "labels"), annotations=texts_of(said, "annotations")
        )
