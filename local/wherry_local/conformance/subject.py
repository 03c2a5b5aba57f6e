"""The server under test: where it is, what it can be asked, and how an ordinary request looks.

Templates of requests are bytes with four marks: `{target}` and `{host}` are its own, `{event}` the
header lines of a minimal event with data of bytes, `{id}` that event's id. It must not know cases.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from wherry_local.conformance.case import Platform, Unmet
from wherry_local.conformance.wire import Reply, Silence, Wire
from wherry_local.errors import Unreachable

_EVENT = (
    b"ce-specversion: 1.0\r\nce-id: {id}\r\nce-source: /conform\r\nce-type: com.example.conform\r\n"
    b"Content-Type: application/octet-stream\r\n"
)
ORDINARY = b"POST {target} HTTP/1.1\r\nHost: {host}\r\n{event}Content-Length: 5\r\n\r\nhello"
"""The request that every server of functions takes."""

_NO_EVENT = b"POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\n\r\nhello"
_SUCCESS = frozenset(range(200, 300))
_OF_FUNCTIONS = _SUCCESS | {405, 415, 422}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A server that is up.

    Attributes:
        host: Its host.
        port: Its port.
        target: Path and query of the function.
        timeout_s: Seconds to wait for each answer.
        platforms: The platforms whose dialects it claims.
        ordinary_status: What it answers an ordinary event with.
        takes_events: Whether it takes an ordinary event and refuses what is none.
        echoes: Whether it answers an event with the same event.
        metrics_url: Where it is scraped, or None.
        source: What to start it from for cases that need a process, or None.
        environment: More variables for that process.
    """

    host: str
    port: int
    target: str = "/"
    timeout_s: float = 5.0
    platforms: frozenset[Platform] = frozenset(Platform)
    ordinary_status: int = 200
    takes_events: bool = False
    echoes: bool = False
    metrics_url: str | None = None
    source: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def at(cls, url: str, *, timeout_s: float, platforms: frozenset[Platform]) -> Subject:
        """The server at `url`; Unreachable where that is no address of one."""
        parts = urlsplit(url)
        try:
            port = 80 if parts.port is None else parts.port
        except ValueError:
            port = 0
        if parts.scheme != "http" or not parts.hostname or not 0 < port < 65536:
            raise Unreachable(
                f"{url}: expected an address of the form http://HOST:PORT/PATH, without TLS",
                hint="wherry conform http://127.0.0.1:8080/",
            )
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(
            host=parts.hostname,
            port=port,
            target=target,
            timeout_s=timeout_s,
            platforms=platforms,
        )

    def is_ordinary(self, status: int) -> bool:
        """Whether `status` is what an ordinary event gets."""
        return status == self.ordinary_status or {status, self.ordinary_status} <= _SUCCESS

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{self.authority}{self.target}"

    @property
    def authority(self) -> str:
        """Host and port as a Host header has them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def fill(self, template: bytes, *, event_id: str = "A-1") -> bytes:
        """The request that `template` stands for."""
        return (
            template.replace(b"{event}", _EVENT)
            .replace(b"{target}", self.target.encode())
            .replace(b"{host}", self.authority.encode())
            .replace(b"{id}", event_id.encode())
        )

    def connect(self) -> Wire:
        """A new connection."""
        return Wire(self.host, self.port, timeout_s=self.timeout_s)

    def ask(self, template: bytes) -> Reply:
        """The answer to one request on a connection of its own; Silence where none came."""
        with self.connect() as wire:
            return wire.send(self.fill(template)).answer()

    def discovered(self) -> Subject:
        """The same, knowing how it answers an ordinary event.

        Raises:
            Unreachable: It does not answer, or as no function does that could be called.
        """
        try:
            reply = self.ask(ORDINARY)
        except Silence as silence:
            raise Unreachable(
                f"{self.url}: {silence.got}", hint="is it served? wherry run functions/"
            ) from None
        if reply.status not in _OF_FUNCTIONS:
            raise Unreachable(
                f"{self.url}: an ordinary event was answered with {reply.status}, expected a 2xx "
                "of a function that echoes events, or 405, 415 or 422 of one that takes others",
                hint="wherry invoke --event " + self.url,
            )
        echoes, accepts = is_echo(reply), reply.status in _SUCCESS
        takes_events = echoes or (accepts and self.ask(_NO_EVENT).status not in _SUCCESS)
        return replace(self, ordinary_status=reply.status, takes_events=takes_events, echoes=echoes)


def is_echo(reply: Reply, event_id: str = "A-1", body: bytes = b"hello") -> bool:
    """Whether `reply` is the ordinary event with this id and body, in binary mode."""
    return reply.value(b"ce-id") == event_id.encode() and reply.body == body


def require_taken(subject: Subject, reply: Reply, *, event_id: str = "A-1") -> None:
    """Unmet unless `reply` is what an ordinary event gets, and from an echo that event."""
    if not subject.is_ordinary(reply.status):
        wanted = "a 2xx" if subject.ordinary_status in _SUCCESS else subject.ordinary_status
        raise Unmet(expected=f"{wanted}, as an ordinary event gets", got=shown(reply))
    if subject.echoes and not is_echo(reply, event_id):
        raise Unmet(
            expected=f"the event {event_id!r} with its 5 bytes of data",
            got=f"{reply.value(b'ce-id')!r} with {len(reply.body)} bytes: {reply.body[:40]!r}",
        )


def shown(reply: Reply) -> str:
    """A status and the beginning of its body, in one line."""
    return " ".join([str(reply.status), *reply.body[:90].decode("utf-8", "replace").split()])
