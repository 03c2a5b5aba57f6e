"""An API server of Kubernetes over HTTP: what kinds it has, and server-side apply.

Every answer that is not wanted becomes a `Refusal`, an absence or `PlatformUnavailable`; what is
sent and received beside that, credentials above all, is in no message.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import quote, urlencode

import urllib3
from urllib3.exceptions import HTTPError

from wherry_build.deploy.identity import KubernetesObject, ObjectKey, at
from wherry_build.deploy.kubeconfig import Connection
from wherry_build.deploy.refusal import Refusal, refusal, unserved
from wherry_build.deploy.wording import cause, words
from wherry_build.errors import PlatformUnavailable
from wherry_build.manifests.document import labels

FIELD_MANAGER = "wherry"
_GET_TIMEOUT = urllib3.Timeout(connect=10, read=15)
_APPLY_TIMEOUT = urllib3.Timeout(connect=10, read=60)  # as long as the server itself takes
_RETRIES = urllib3.Retry(
    1,  # applying twice is applying once, so what was cut off is sent again
    redirect=0,
    raise_on_redirect=False,
    allowed_methods=None,
    respect_retry_after_header=False,  # a busy server is asked again within bounds of ours
)
_BUSY = frozenset({429, 503})
_TRIES_WHEN_BUSY = 3
_LONGEST_PAUSE_S = 5
_LIMIT_WARNING = 500
_PAGE = 500
"""Objects that are listed at once."""
_CONTENT_TYPES = {"PATCH": "application/apply-patch+yaml", "DELETE": "application/json"}


@dataclass(frozen=True, slots=True)
class _Resource:
    name: str
    is_namespaced: bool


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes

    def json(self) -> Mapping[str, object]:
        """The body; empty when it is no object."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


class ApiServer:
    """The API server of one connection; `Cluster` of `deployment`.

    Args:
        connection: Where it is, and the credentials.
        sleep: Waits while the server is busy.
    """

    def __init__(
        self, connection: Connection, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._connection = connection
        self._sleep = sleep
        self._resources: dict[str, dict[str, _Resource] | None] = {}
        self._warnings: dict[str, None] = {}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the server warned of until now, each once."""
        return tuple(self._warnings)

    def get(self, key: ObjectKey) -> KubernetesObject | Refusal | None:
        """The object as it is; None when it is not there.

        Raises:
            PlatformUnavailable: The server does not answer, or does not know us.
        """
        path = self._path(key)
        if path is None:
            return unserved(key)
        answer = self._request("GET", path)
        if answer.status == 404:
            return None
        return self._object(key, answer, None)

    def apply(
        self, value: KubernetesObject, *, force: bool, dry_run: bool = False
    ) -> KubernetesObject | Refusal:
        """Apply one object on the server's side, with strict field validation.

        Raises:
            PlatformUnavailable: The server does not answer, or does not know us.
        """
        key = ObjectKey.of(value)
        path = self._path(key)
        if path is None:
            return unserved(key)
        words = {
            "fieldManager": FIELD_MANAGER,
            "fieldValidation": "Strict",
            "force": "true" if force else "false",
            **({"dryRun": "All"} if dry_run else {}),
        }
        answer = self._request("PATCH", f"{path}?{urlencode(words)}", json.dumps(value).encode())
        return self._object(key, answer, value)

    def listed(self, key: ObjectKey, *, selector: str) -> tuple[KubernetesObject, ...] | Refusal:
        """The objects of the kind and namespace of `key` that have the labels of `selector`.

        None where the kind is not served.

        Raises:
            PlatformUnavailable: The server does not answer, or does not know us.
        """
        path = self._path(key)
        if path is None:
            return ()
        found: list[KubernetesObject] = []
        words = {"labelSelector": selector, "limit": str(_PAGE)}
        while True:
            answer = self._request("GET", f"{path.rstrip('/')}?{urlencode(words)}")
            if answer.status != 200:
                return self._refusal(key, answer, verb="list")
            page = answer.json()
            items = page.get("items")
            found += [
                {**each, "apiVersion": key.api_version, "kind": key.kind}
                for each in (items if isinstance(items, list) else [])
            ]
            more = at(page, "metadata", "continue")
            if not more:
                return tuple(found)
            words["continue"] = str(more)

    def delete(self, key: ObjectKey, *, seen: KubernetesObject) -> Refusal | None:
        """Delete an object as it was `seen`, and in time what it owns; why not, when refused.

        One that is gone already is deleted.

        Raises:
            PlatformUnavailable: The server does not answer, or does not know us.
        """
        path = self._path(key)
        if path is None:
            return unserved(key)
        exactly = {name: at(seen, "metadata", name) for name in ("uid", "resourceVersion")}
        options = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": exactly,
            "propagationPolicy": "Background",
        }
        answer = self._request("DELETE", path, json.dumps(options).encode())
        if 200 <= answer.status < 300 or answer.status == 404:
            return None
        return self._refusal(key, answer, verb="delete")

    def has_namespace(self, name: str) -> bool:
        """Whether the namespace is there; true where the server has none, or does not tell us.

        Raises:
            PlatformUnavailable: The server does not answer, or does not know us.
        """
        if "Namespace" not in (self._served("v1") or {}):
            return True
        return self._request("GET", f"/api/v1/namespaces/{quote(name, safe='')}").status != 404

    def create_namespace(self, name: str) -> Refusal | None:
        """Create the namespace; why not, when it is refused.

        Raises:
            PlatformUnavailable: The server does not answer, or does not know us.
        """
        value: KubernetesObject = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": name, "labels": labels()},
        }
        answer = self.apply(value, force=False)
        return answer if isinstance(answer, Refusal) else None

    def inspection(self, key: ObjectKey) -> str:
        """The command that tells more of an object."""
        inside = f" -n {key.namespace}" if key.namespace else ""
        return f"{self._connection.kubectl}{inside} describe {key.resource} {key.name}"

    def version(self) -> str:
        """The server's version, `v1.33.2`; empty when it does not tell.

        Raises:
            PlatformUnavailable: The server does not answer, or does not know us.
        """
        return str(self._request("GET", "/version").json().get("gitVersion", ""))

    def _path(self, key: ObjectKey) -> str | None:
        """Where the object is; None when its kind is not served."""
        resource = (self._served(key.api_version) or {}).get(key.kind)
        if resource is None:
            return None
        inside = f"/namespaces/{quote(key.namespace, safe='')}" if resource.is_namespaced else ""
        return f"{_root(key.api_version)}{inside}/{resource.name}/{quote(key.name, safe='')}"

    def _served(self, api_version: str) -> dict[str, _Resource] | None:
        """The kinds of a group and version; None when it is not served."""
        if api_version not in self._resources:
            answer = self._request("GET", _root(api_version))
            if answer.status not in (200, 404):
                raise self._unavailable(f"answers {answer.status} to what it has")
            self._resources[api_version] = _kinds(answer.json()) if answer.status == 200 else None
        return self._resources[api_version]

    def _object(
        self, key: ObjectKey, answer: _Answer, sent: KubernetesObject | None
    ) -> KubernetesObject | Refusal:
        found = answer.json()
        if 200 <= answer.status < 300 and "metadata" in found:
            return cast("KubernetesObject", found)
        return refusal(
            key,
            status=answer.status,
            body=answer.body,
            value=sent,
            kubectl=self._connection.kubectl,
        )

    def _refusal(self, key: ObjectKey, answer: _Answer, *, verb: str) -> Refusal:
        return refusal(
            key,
            status=answer.status,
            body=answer.body,
            value=None,
            verb=verb,
            kubectl=self._connection.kubectl,
        )

    def _request(self, method: str, path: str, body: bytes | None = None) -> _Answer:
        response = self._send(method, path, body)
        for _ in range(_TRIES_WHEN_BUSY):
            if response.status not in _BUSY:
                break
            self._sleep(_pause_s(response.headers.get("Retry-After", "1")))
            response = self._send(method, path, body)
        if response.status == 401:
            raise self._unavailable("does not accept the credentials")
        for warning in response.headers.getlist("Warning"):
            self._warnings[_warned(warning)] = None
        return _Answer(response.status, response.data)

    def _send(self, method: str, path: str, body: bytes | None) -> urllib3.BaseHTTPResponse:
        headers = {"Accept": "application/json", "User-Agent": FIELD_MANAGER}
        if body is not None:
            headers["Content-Type"] = _CONTENT_TYPES[method]
        if authorization := self._connection.authorization():
            headers["Authorization"] = authorization
        try:
            return self._connection.pool.request(
                method,
                f"{self._connection.server}{path}",
                body=body,
                headers=headers,
                timeout=_GET_TIMEOUT if body is None else _APPLY_TIMEOUT,
                retries=_RETRIES,
            )
        except HTTPError as error:
            raise self._unavailable(f"does not answer: {cause(error)}") from None

    def _unavailable(self, what: str) -> PlatformUnavailable:
        return PlatformUnavailable(
            f"{self._connection.server} (context {self._connection.context!r}) {what}",
            hint=f"{self._connection.kubectl} cluster-info, or another --context",
        )


def _root(api_version: str) -> str:
    prefix = "/apis" if "/" in api_version else "/api"
    return f"{prefix}/{quote(api_version)}"


def _kinds(listed: Mapping[str, object]) -> dict[str, _Resource]:
    resources = listed.get("resources")
    return {
        str(at(each, "kind")): _Resource(str(at(each, "name")), bool(at(each, "namespaced")))
        for each in (resources if isinstance(resources, list) else [])
        if "/" not in str(at(each, "name"))  # `services/status` is a part of one
    }


def _pause_s(retry_after: str) -> float:
    return min(int(retry_after), _LONGEST_PAUSE_S) if retry_after.isdecimal() else 1


def _warned(field: str) -> str:
    """The text of a `Warning` field (RFC 7234 section 5.5), `299 - "text"`."""
    _, quotation, rest = field.partition('"')
    text = rest.rpartition('"')[0].replace('\\"', '"') if quotation else field
    return words(text, limit=_LIMIT_WARNING)
