"""The builder as a server: Wherry's own, with the desk as its one function."""

from __future__ import annotations

import ipaddress
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from wherry.config import Config
from wherry.handler import of
from wherry.reply import Reply
from wherry.request import Request
from wherry.serving.mounts import Mount
from wherry.serving.server import Server
from wherry.serving.sockets import function_socket
from wherry_build.errors import InvalidName
from wherry_build.remote.build import Terms, Workshop
from wherry_build.remote.desk import Desk
from wherry_build.remote.sealing import SealingKey
from wherry_build.remote.turns import Turns

DEFAULT_LISTEN = "127.0.0.1:8090"
_NAME = "builder"
_OTHER_CALLS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to listen."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """`HOST:PORT`, an IPv6 address in brackets.

        Raises:
            InvalidName: It is neither; names are not resolved.
        """
        host, colon, port = text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        try:
            ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
        except ValueError:
            colon = ""
        if not colon or not port.isascii() or not port.isdecimal() or int(port) > 65_535:
            raise InvalidName(
                f"address: got {ascii(text)[:80]}, expected an IP address and a port",
                hint=f"--listen {DEFAULT_LISTEN}",
            )
        return cls(host="127.0.0.1" if host == "localhost" else host, port=int(port))

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can connect."""
        return ipaddress.ip_address(self.host).is_loopback


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the builder serves.

    Attributes:
        address: Where it listens.
        secret: What requests are signed with.
        key: What build secrets are sealed for; None takes none.
        builds: How many builds run at once.
        waiting: How many wait beside them; more are refused.
        receiving: How many bodies may be on their way; their senders are not known yet.
        body_timeout_s: Time that a body may take to come.
        limit_body_bytes: What a request's body may take.
        timeout_s: Time that a build may take, its wait for a turn included.
        drain_s: Time that builds have to end after SIGTERM.
    """

    address: Address
    secret: bytes = field(repr=False)
    key: SealingKey | None = None
    builds: int = 2
    waiting: int = 14
    receiving: int = 8
    body_timeout_s: float = 120.0
    limit_body_bytes: int = 500_000_000
    timeout_s: float = 900.0
    drain_s: float = 300.0


def serve(settings: Settings, workshop: Workshop, on_listen: Callable[[str], None]) -> int:
    """Serve until SIGTERM or SIGINT; builds that have begun end before that. The exit code.

    Args:
        settings: How to serve.
        workshop: What builds.
        on_listen: Told the URL, before the first request is taken.

    Raises:
        ConfigError: The address cannot be listened on.
    """
    config = _config(settings)
    folder = Path(tempfile.mkdtemp(prefix="wherry-builder-"))
    try:
        terms = Terms(
            workshop=workshop,
            turns=Turns(settings.builds),
            key=settings.key,
            timeout_s=settings.timeout_s,
        )
        desk = Desk(
            settings.secret,
            folder,
            terms,
            most=settings.builds + settings.waiting,
            receiving=settings.receiving,
        )
        listener = function_socket(config)
        server = Server(config, [listener])
        mounts = server.load([Mount(name=_NAME, path="/", handler=of(_function(desk), name=_NAME))])
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: server.terminate())
        host = (
            f"[{settings.address.host}]" if ":" in settings.address.host else settings.address.host
        )
        on_listen(f"http://{host}:{listener.getsockname()[1]}")
        return server.run(mounts)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _function(desk: Desk) -> Callable[[Request, Iterator[bytes]], Reply]:
    def builder(request: Request, body: Iterator[bytes]) -> Reply:
        return desk.handle(request, body)

    return builder


def _config(settings: Settings) -> Config:
    """The server's settings: none of those of functions in the environment are the builder's."""
    calls = settings.builds + settings.waiting + settings.receiving + _OTHER_CALLS
    return Config(
        function=_NAME,
        host=settings.address.host,
        port=settings.address.port,
        metrics_port=None,
        threads=calls,
        max_inflight=calls,
        max_queue=0,
        timeout_s=0.0,
        body_timeout_s=settings.body_timeout_s,
        drain_timeout_s=settings.drain_s,
        limit_body_bytes=settings.limit_body_bytes,
        log_format="console" if os.isatty(2) else "json",
        capture_output=False,
    )
