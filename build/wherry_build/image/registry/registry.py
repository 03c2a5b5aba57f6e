"""One registry: asked with what it wants to be shown, and again while it is busy.

It knows no repositories and no images: what is asked is `repository`'s business.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import TypeVar

from wherry_build.errors import RegistryError, RegistryUnavailable
from wherry_build.image.registry import url as urls
from wherry_build.image.registry.authorization import Access, Authorization
from wherry_build.image.registry.challenge import parse_challenges
from wherry_build.image.registry.credentials import Credentials
from wherry_build.image.registry.patience import Interruption, Patience, patiently
from wherry_build.image.registry.reference import DOCKER_HUB, is_loopback
from wherry_build.image.registry.refusal import BUSY, pause_s, refused
from wherry_build.image.registry.transport import Body, Received
from wherry_build.image.registry.wire import (
    LIMIT_DOCUMENT_BYTES,
    Answer,
    Request,
    Wire,
    blocks,
)
from wherry_build.values import NO_ENTRIES, frozen, replaced

Result = TypeVar("Result")
_DOCKER_HUB_HOST = "registry-1.docker.io"
_LIMIT_REFUSAL_BYTES = 64 * 1024
_TRIES_TO_GET_IN = 3
_WANTS_TLS = b"HTTPS server"


@frozen
class Call:
    """One thing that is asked of a registry.

    Attributes:
        what: In words, as a message goes on after `asked`: `for the manifest of acme/hello:1.0`.
        method: `GET`.
        path: Path and query, or the URL that the registry named.
        access: What that must be allowed.
        expected: Status codes that the asker can do something with.
        headers: Header fields.
        body: Gives the body from the beginning; None is none.
        size_bytes: How long the body is.
    """

    what: str
    method: str
    path: str
    access: Access
    expected: frozenset[int]
    headers: Mapping[str, str] = NO_ENTRIES
    body: Callable[[], Body] | None = None
    size_bytes: int = 0


class Registry:
    """One registry.

    Args:
        host: The registry, as images' names have it.
        wire: Sends and receives.
        credentials: Has the credentials.
        is_insecure: Whether plain HTTP, or a certificate of anybody's, will do.
        patience: How often it is asked again.
    """

    def __init__(
        self,
        host: str,
        *,
        wire: Wire,
        credentials: Credentials,
        is_insecure: bool = False,
        patience: Patience | None = None,
    ) -> None:
        self.host = host
        self._wire = wire
        self._authorization = Authorization(host, wire, credentials)
        self._patience = patience or Patience()
        self._is_insecure = is_insecure
        self._scheme = "" if is_insecure else "http" if is_loopback(host) else "https"
        self._turn = threading.Lock()

    def ping(self) -> None:
        """See that a registry answers, and lets us in.

        Raises:
            RegistryError: It does not.
        """
        self.ask(
            Call(
                what="whether it is a registry",
                method="GET",
                path="/v2/",
                access=Access(),
                expected=frozenset({200}),
            )
        )

    def ask(self, call: Call, *, limit_bytes: int = LIMIT_DOCUMENT_BYTES) -> Answer:
        """The answer to `call`, one of those that are expected; asked again while it is busy.

        Raises:
            RegistryError: There is none.
        """
        return self.patiently(lambda: self.ask_once(call, limit_bytes=limit_bytes))

    def patiently(self, call: Callable[[], Result]) -> Result:
        """What `call` returns, called again while it is interrupted.

        Raises:
            RegistryError: It was interrupted as often as is borne.
        """
        return patiently(call, self._patience)

    def ask_once(self, call: Call, *, limit_bytes: int = LIMIT_DOCUMENT_BYTES) -> Answer:
        """As `ask`, without asking again.

        Raises:
            RegistryError: There is no such answer.
            Interruption: There may be one later.
        """
        with self.open_once(call) as response:
            body = b"".join(blocks(response, limit_bytes=limit_bytes))
            return Answer(
                status=response.status,
                headers=response.headers,
                body=body,
                url=response.url,
            )

    @contextmanager
    def open_once(self, call: Call) -> Iterator[Received]:
        """The answer, whose body is still to be read with `blocks`.

        Raises:
            RegistryError: There is no such answer.
            Interruption: There may be one later.
        """
        for tried in count(1):
            shown = self._authorization.header(call.access)
            request = self._request(call, shown)
            with self._wire.open(request) as response:
                if response.status in call.expected:
                    yield response
                    return
                answer = _short(response, request.url)
            if answer.status == 401 and tried == _TRIES_TO_GET_IN:
                raise self._authorization.denied(call.access)
            if answer.status == 401:
                challenges = parse_challenges(response.headers.get("WWW-Authenticate", ""))
                self._authorization.renew(challenges, call.access, shown, request.url)
            elif (
                answer.status == 400 and request.url.startswith("http:") and self._wants_tls(answer)
            ):
                self._scheme = "https"
            else:
                raise self._error(call, answer)

    def locate(self, answer: Answer, location: str) -> str:
        """The URL that a `Location` field names, seen from where the answer came from.

        Raises:
            RegistryUnavailable: It names none.
        """
        base = self._base()
        try:
            url = urls.resolve(answer.url, location) if location else ""
        except ValueError:
            url = ""
        if not url:
            raise RegistryUnavailable(
                f"{self.host} says that an upload may begin, and not where",
                hint=f"is that a registry? curl -I {base}/v2/",
            )
        if url.startswith("http:") and base.startswith("https:"):
            # A registry behind a proxy that ends TLS, and that nobody told: never go without.
            return f"https:{url.removeprefix('http:')}"
        return url

    def refusal(self, call: Call, answer: Answer) -> RegistryError:
        """The error that an answer to `call` is."""
        return refused(self.host, call.what, answer, secrets=self._authorization.secrets)

    def _error(self, call: Call, answer: Answer) -> RegistryError | Interruption:
        error = self.refusal(call, answer)
        if answer.status in BUSY:
            return Interruption(error, pause_s=pause_s(answer))
        return error

    def _request(self, call: Call, shown: str) -> Request:
        base = self._base()
        url = call.path if "://" in call.path else f"{base}{call.path}"
        request = Request(
            method=call.method,
            url=url,
            headers=call.headers,
            body=call.body,
            size_bytes=call.size_bytes,
        )
        if shown and urls.origin(url) == urls.origin(base):
            return replaced(request, headers={**call.headers, "Authorization": shown})
        return request

    def _base(self) -> str:
        host = _DOCKER_HUB_HOST if self.host == DOCKER_HUB else self.host
        with self._turn:
            if not self._scheme:
                self._scheme = "https" if self._speaks_tls(host) else "http"
        return f"{self._scheme}://{host}"

    def _wants_tls(self, answer: Answer) -> bool:
        """Whether a registry of this machine has TLS after all; an answer to HEAD cannot say so."""
        if self._scheme == "https":  # another transfer has found it out meanwhile
            return True
        if not answer.body:
            plain = answer.url.partition("/v2/")[0]
            answer = self._wire.ask(Request(method="GET", url=f"{plain}/v2/"))
        return _WANTS_TLS in answer.body

    def _speaks_tls(self, host: str) -> bool:
        """Whether a registry that need not speaks TLS, as docker finds out too."""
        try:
            self._wire.ask(Request(method="GET", url=f"https://{host}/v2/"))
        except (Interruption, RegistryError):
            return False
        return True


def _short(response: Received, url: str) -> Answer:
    """An answer that nobody expected, of which only the beginning can matter."""
    body = b""
    for block in blocks(response, limit_bytes=LIMIT_DOCUMENT_BYTES):
        body += block
        if len(body) >= _LIMIT_REFUSAL_BYTES:
            response.close()
            break
    return Answer(status=response.status, headers=response.headers, body=body, url=url)
