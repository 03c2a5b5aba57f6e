"""`/system/secrets`: names are shown, values are taken and never given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wherry.reply import Reply
from wherry_local.front.asked import Asked
from wherry_local.front.route import Route
from wherry_local.gateway import names
from wherry_local.gateway.answers import document, in_text, object_of, text
from wherry_local.gateway.function_routes import namespace_of
from wherry_local.gateway.namespaces import Namespaces
from wherry_local.gateway.secret_store import SecretStore, read_value

_LIMIT_BYTES = 2 * 1024 * 1024
"""A secret of the longest in base64, and its name."""


class SecretRoutes:
    """The secrets of one platform.

    Args:
        store: The secrets.
        namespaces: Which namespaces there are.
        changed: Is told the name and the namespace of each that has changed.
    """

    def __init__(
        self, store: SecretStore, namespaces: Namespaces, changed: Callable[[str, str], None]
    ) -> None:
        self._store = store
        self._namespaces = namespaces
        self._changed = changed

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route(
                methods=(method,),
                pattern="/system/secrets",
                answer=in_text(answer),
                limit_bytes=_LIMIT_BYTES,
            )
            for method, answer in (
                ("GET", self._list),
                ("POST", self._create),
                ("PUT", self._change),
                ("DELETE", self._delete),
            )
        ]

    async def _list(self, asked: Asked) -> Reply:
        namespaces = self._namespaces.shown_with(namespace_of(asked, {}))
        found = [
            {"name": name, "namespace": namespace}
            for namespace in namespaces
            for name in self._store.names(namespace)
        ]
        return document(200, found)

    async def _create(self, asked: Asked) -> Reply:
        said, name, namespace = self._named(asked)
        self._store.create(name, namespace, read_value(said))
        self._changed(name, namespace)
        return text(202)

    async def _change(self, asked: Asked) -> Reply:
        said, name, namespace = self._named(asked)
        self._store.change(name, namespace, read_value(said))
        self._changed(name, namespace)
        return text(202)

    async def _delete(self, asked: Asked) -> Reply:
        _, name, namespace = self._named(asked)
        self._store.delete(name, namespace)
        self._changed(name, namespace)
        return text(202)  # faas-cli takes 204 for an error

    def _named(self, asked: Asked) -> tuple[dict[str, Any], str, str]:
        said = object_of(asked)
        name = names.secret_name(said.get("name"))
        where = namespace_of(asked, said)
        # The secrets of a project with a namespace of its own are its functions', like these.
        namespace = where or self._namespaces.home
        return said, name, self._namespaces.require(namespace)
