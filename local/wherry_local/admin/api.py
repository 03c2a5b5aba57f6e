"""Asks a platform over its admin API, and OpenFaaS's gateway over the part that both have.

    api = AdminApi("http://127.0.0.1:8080", authorization=basic("admin", password))
    api.ask("GET", "/system/events", query={"type": "com.acme.order.placed"})
    for event in api.lines("/system/events", query={"follow": "1"}):
        ...

It knows JSON and what went wrong; what the answers mean is the business of who asks.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from wherry_local.client import reason_of
from wherry_local.errors import AdminRefused, PlatformAbsent

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

_REQUEST_S = 30.0
_CONNECT_S = 5.0
_LIMIT_SHOWN = 400
_WRONG_INPUT = frozenset({400, 413, 415, 422})


def basic(user: str, password: str) -> str:
    """Value of the field `Authorization` (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class AdminApi:
    """One platform.

    Args:
        gateway: Address of its gateway.
        authorization: Value of the field `Authorization`; empty for none.
        request_s: Seconds that one answer may take.
        hint: What to type next where something else was asked than there is.
    """

    def __init__(
        self,
        gateway: str,
        *,
        authorization: str = "",
        request_s: float = _REQUEST_S,
        hint: str = "",
    ) -> None:
        import urllib3

        self.gateway = gateway.rstrip("/")
        self._hint = hint
        self._headers = {"Authorization": authorization} if authorization else {}
        self._connections = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=_CONNECT_S, read=request_s), retries=False
        )

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: object = None,
    ) -> Any:
        """Ask for `path`; what the answer's JSON says, None for an answer without a body.

        Args:
            method: Its method.
            path: Its path, encoded.
            query: Arguments; those that are None or empty are left out.
            body: Sent as JSON; None for no body.

        Raises:
            PlatformAbsent: Nobody answers.
            AdminRefused: The answer is no success, or no JSON.
        """
        headers, content = dict(self._headers), None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body).encode()
        answer = self._send(method, self._url(path, query), headers, content)
        text = self._read(answer)
        if not 200 <= answer.status < 300:
            raise self._refused(method, path, answer.status, text)
        if not text.strip():
            return None
        try:
            return json.loads(text)
        except ValueError:
            raise AdminRefused(
                f"{method} {self.gateway}{path}: the answer is no JSON",
                status=answer.status,
                hint="is this the address of a gateway?",
            ) from None

    def lines(self, path: str, *, query: Mapping[str, object] | None = None) -> Iterator[Any]:
        """What each line of the answer says (NDJSON), as they arrive, until it ends.

        Raises:
            PlatformAbsent: Nobody answers.
            AdminRefused: The answer is no success.
        """
        import urllib3
        from urllib3.exceptions import HTTPError

        forever = urllib3.Timeout(connect=_CONNECT_S, read=None)
        answer = self._send("GET", self._url(path, query), dict(self._headers), None, forever)
        if not 200 <= answer.status < 300:
            raise self._refused("GET", path, answer.status, self._read(answer))
        rest = b""
        try:
            while piece := answer.read1():
                *whole, rest = (rest + piece).split(b"\n")
                yield from (json.loads(line) for line in whole if line.strip())
        except HTTPError:
            return  # the platform has ended, and with it the answer
        finally:
            answer.close()
        if rest.strip():
            yield json.loads(rest)

    def _url(self, path: str, query: Mapping[str, object] | None) -> str:
        given = {name: value for name, value in (query or {}).items() if value not in {None, ""}}
        return self.gateway + path + (f"?{urlencode(given)}" if given else "")

    def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None,
        timeout: Any = None,
    ) -> BaseHTTPResponse:
        from urllib3.exceptions import HTTPError

        given = {} if timeout is None else {"timeout": timeout}
        try:
            return self._connections.request(
                method,
                url,
                headers=dict(headers),
                body=content,
                redirect=False,
                preload_content=False,
                **given,
            )
        except (HTTPError, UnicodeError, ValueError) as error:
            raise self._absent(error) from None

    def _read(self, answer: BaseHTTPResponse) -> bytes:
        from urllib3.exceptions import HTTPError

        try:
            return answer.read()
        except HTTPError as error:
            raise self._absent(error) from None
        finally:
            answer.release_conn()

    def _absent(self, error: Exception) -> PlatformAbsent:
        return PlatformAbsent(
            f"nothing answers at {self.gateway}: {reason_of(error)}", hint="is it there? wherry up"
        )

    def _refused(self, method: str, path: str, status: int, text: bytes) -> AdminRefused:
        said = _said(text)
        message = f"{said} ({status})" if said else f"{method} {path} was answered with {status}"
        if status in {401, 403}:
            return AdminRefused(
                f"{self.gateway} does not let us in: {message}",
                status=status,
                hint=f"faas-cli login --gateway {self.gateway}",
            )
        return AdminRefused(
            message,
            status=status,
            hint=self._hint if 400 <= status < 500 else "",
            exit_code=2 if status in _WRONG_INPUT else 1,
        )


def _said(text: bytes) -> str:
    """What a refusal says: the detail of a problem (RFC 9457), or plain text, short."""
    shown = text.decode("utf-8", "replace")
    try:
        problem = json.loads(shown)
    except ValueError:
        problem = None
    if isinstance(problem, dict):
        shown = str(problem.get("detail") or problem.get("title") or "")
    printable = "".join(each if each.isprintable() else " " for each in shown)
    return " ".join(printable.split())[:_LIMIT_SHOWN]
