"""Requests and answers as they go over the wire: redirects, limits, and what a failure means.

It knows neither credentials nor what is asked: a header `Authorization` that it is given goes to
the host that it is given for, and to no other that a redirect names; nor does a secret body.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from wherry_build.deploy.wording import cause
from wherry_build.errors import ContentRefused, RegistryUnavailable
from wherry_build.image.registry import url as urls
from wherry_build.image.registry.connections import Connections
from wherry_build.image.registry.patience import Interruption
from wherry_build.image.registry.transport import Body, NotCarried, Received
from wherry_build.values import NO_ENTRIES, frozen, replaced

LIMIT_DOCUMENT_BYTES = 4 * 1024 * 1024  # the size of a manifest that registries need to take
_LIMIT_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_READ_S = 60
_UPLOAD_READ_S = 300  # what was sent is hashed before the answer
DOCUMENT_S = 60
_LEFT_BYTES, _LEFT_S = 64 * 1024, 5
_BLOCK_BYTES = 256 * 1024


@frozen(hidden=("headers",))
class Request:
    """What is asked.

    Attributes:
        method: `GET`.
        url: Where.
        headers: With which header fields.
        body: Gives the body from the beginning; None is none.
        size_bytes: How long the body is.
        is_secret: Whether the body proves who asks, and may go to no other host.
    """

    method: str
    url: str
    headers: Mapping[str, str] = NO_ENTRIES
    body: Callable[[], Body] | None = None
    size_bytes: int = 0
    is_secret: bool = False


@frozen(hidden=("headers", "body"))
class Answer:
    """What is answered, read as a whole.

    Attributes:
        status: Status code.
        headers: Header fields, by any case of their names.
        body: The body.
        url: Where the answer came from, after redirects.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class Wire:
    """Sends requests and reads answers."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def ask(self, request: Request, *, limit_bytes: int = LIMIT_DOCUMENT_BYTES) -> Answer:
        """The answer, of which the body is at most so long.

        Raises:
            Interruption: It did not come, or not to its end.
            RegistryUnavailable: It cannot come.
            ContentRefused: It is longer.
        """
        with self.open(request) as response:
            body = b"".join(blocks(response, limit_bytes=limit_bytes))
            return Answer(
                status=response.status,
                headers=response.headers,
                body=body,
                url=response.url,
            )

    @contextmanager
    def open(self, request: Request) -> Iterator[Received]:
        """The answer, whose body is still to be read; see `blocks`.

        Raises:
            Interruption: It did not come, or not to its end.
            RegistryUnavailable: It cannot come.
        """
        response = self._followed(request)
        try:
            yield response
        except BaseException:
            response.close()
            raise
        finally:
            response.release()

    def _followed(self, request: Request) -> Received:
        for _ in range(_LIMIT_REDIRECTS + 1):
            response = self._sent(request)
            location = response.headers.get("Location", "")
            is_upload = request.method in {"POST", "PATCH", "PUT"}
            kept = is_upload and response.status not in {307, 308}
            if response.status not in _REDIRECTS or not location or kept:
                return response
            _let_go(response)
            request = _redirected(request, location)
        raise RegistryUnavailable(
            f"{urls.host(request.url)} redirects more than {_LIMIT_REDIRECTS} times",
            hint=f"curl -IL {urls.api(request.url)} shows where to",
        )

    def _sent(self, request: Request) -> Received:
        headers = {"User-Agent": "wherry", "Accept-Encoding": "identity", **request.headers}
        body: Body | None = None
        if request.body is not None:
            headers["Content-Length"] = str(request.size_bytes)
            body = request.body()
        elif request.method in {"POST", "PUT", "PATCH"}:
            headers["Content-Length"] = "0"
        try:
            transport = self._connections.transport(request.url)
            read_s = _READ_S if body is None else _UPLOAD_READ_S
            with _explained(request.url):
                return transport.send(request.method, request.url, headers, body, read_s=read_s)
        finally:
            if body is not None:
                body.close()


def blocks(
    response: Received, *, limit_bytes: int, limit_s: float | None = None
) -> Iterator[bytes]:
    """The body, of at most so many bytes, and for no longer than that; a minute when not given.

    Raises:
        ContentRefused: It is longer.
        Interruption: It comes too slowly.
    """
    host = urls.host(response.url)
    allowed_s = DOCUMENT_S if limit_s is None else limit_s
    end_s = time.monotonic() + allowed_s
    size = 0
    # `read1` gives what is there; `read` would wait for a whole block from one who drips.
    while True:
        with _explained(response.url):
            block = response.read1(_BLOCK_BYTES)
        if not block:
            return
        size += len(block)
        if size > limit_bytes:
            raise ContentRefused(
                f"{host} sends more than the {limit_bytes} bytes that this may be",
                hint="is that a registry, and the image's name right?",
            )
        if time.monotonic() > end_s:
            raise Interruption(
                RegistryUnavailable(
                    f"{host} was still sending after {allowed_s:.0f} s: {size} bytes by then",
                    hint="try again, or nearer to the registry",
                )
            )
        yield block


def _let_go(response: Received) -> None:
    """Keep the connection of an answer that nobody reads, unless its body is long or slow."""
    try:
        for _ in blocks(response, limit_bytes=_LEFT_BYTES, limit_s=_LEFT_S):
            pass
    except (ContentRefused, RegistryUnavailable, Interruption):
        response.close()
    response.release()


def _redirected(request: Request, location: str) -> Request:
    """The request that a redirect asks for; what proves who asks stays with whom it is for."""
    try:
        url = urls.resolve(request.url, location)
    except ValueError:
        url = ""
    if not url or (request.url.startswith("https:") and not url.startswith("https:")):
        raise RegistryUnavailable(
            f"{urls.host(request.url)} redirects to what is not https",
            hint=f"curl -IL {urls.api(request.url)} shows where to",
        )
    if urls.origin(url) == urls.origin(request.url):
        return replaced(request, url=url)
    if request.is_secret:
        raise RegistryUnavailable(
            f"{urls.host(request.url)} redirects to {urls.host(url)}, which is not to be shown "
            "what was for the other",
            hint="log in to that registry by another way: with a password, not an identity token",
        )
    headers = {key: value for key, value in request.headers.items() if key != "Authorization"}
    return replaced(request, url=url, headers=headers)


@contextmanager
def _explained(url: str) -> Iterator[None]:
    """Turn what a transport raises into what may go well again, and what may not."""
    host = urls.host(url)
    try:
        yield
    except (OSError, NotCarried) as error:
        why = cause(error)
        if "CERTIFICATE_VERIFY_FAILED" in why or "certificate verify failed" in why:
            raise RegistryUnavailable(
                f"{host}: its certificate is not trusted: {why}",
                hint="SSL_CERT_FILE=FILE with its CA, or --insecure if that is what you want",
            ) from None
        if "WRONG_VERSION_NUMBER" in why.upper().replace(" ", "_"):
            raise RegistryUnavailable(
                f"{host} does not speak TLS", hint="--insecure asks it over plain HTTP"
            ) from None
        failure = RegistryUnavailable(
            f"{host} does not answer: {why}",
            hint=f"curl -I {urls.api(url)} should answer; HTTPS_PROXY names a proxy",
        )
        raise Interruption(failure) from None
