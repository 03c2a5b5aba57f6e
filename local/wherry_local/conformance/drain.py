"""Cases of the end: what SIGTERM does to a server that has work.

Each starts a server of its own. It must not know events beyond the ordinary one.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from wherry.testing import Running, running
from wherry_local.conformance.case import Family, Need, Severity, Unmet
from wherry_local.conformance.subject import ORDINARY, Subject, require_taken
from wherry_local.conformance.wire import Silence, Wire

_LAME_DUCK_S = 1.0
_PROMPT_S = 5.0
_END_S = 20.0
_CLIENTS = 8
_WARM_CALLS = 200
_READY = b"GET /_/ready HTTP/1.1\r\nHost: {host}\r\n\r\n"
_KNATIVE = "Knative runtime contract, termination"
_KUBERNETES = "Kubernetes, termination of pods"


@contextmanager
def _started(subject: Subject) -> Iterator[tuple[Running, Subject]]:
    """The subject's function in a server of its own."""
    environment = {"WHERRY_LAME_DUCK": f"{_LAME_DUCK_S:g}s", **subject.environment}
    with running(subject.source or ".", **environment) as server:
        yield server, replace(subject, host="127.0.0.1", port=server.port)


def _ended(server: Running) -> int:
    try:
        return server.process.wait(_END_S)
    except Exception as error:
        raise Unmet(expected=f"an end within {_END_S:g} s", got="none") from error


def _in_flight(subject: Subject) -> None:
    """A request whose body is still coming when SIGTERM arrives."""
    with _started(subject) as (server, own), own.connect() as wire:
        head, body = own.fill(ORDINARY)[:-3], own.fill(ORDINARY)[-3:]
        wire.send(head)
        _until_not_ready(server, own)
        require_taken(own, wire.send(body).answer())


def _exit_code(subject: Subject) -> None:
    with _started(subject) as (server, own):
        require_taken(own, own.ask(ORDINARY))
        server.process.send_signal(signal.SIGTERM)
        code = _ended(server)
        if code != 0:
            raise Unmet(expected="exit code 0", got=str(code))


def _not_ready_first(subject: Subject) -> None:
    """Whoever still calls in the time between is answered, and told to go elsewhere."""
    with _started(subject) as (server, own):
        _until_not_ready(server, own)
        reply = own.ask(ORDINARY)
        require_taken(own, reply)
        if not reply.is_last:
            raise Unmet(expected="Connection: close", got="a connection that is kept")


def _idle_ends(subject: Subject) -> None:
    """A connection that is kept and idle does not hold the end up."""
    with _started(subject) as (server, own), own.connect() as wire:
        require_taken(own, wire.send(own.fill(ORDINARY)).answer())
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        _ended(server)
        took_s = time.monotonic() - began
        if took_s > _LAME_DUCK_S + _PROMPT_S:
            raise Unmet(expected=f"an end soon after {_LAME_DUCK_S:g} s", got=f"{took_s:.1f} s")


def _until_not_ready(server: Running, own: Subject) -> None:
    server.process.send_signal(signal.SIGTERM)
    until = time.monotonic() + own.timeout_s
    while time.monotonic() < until:
        if own.ask(_READY).status == 503:
            return
        time.sleep(0.01)
    raise Unmet(expected="503 at /_/ready after SIGTERM", got="200")


@dataclass(slots=True)
class _Load:
    """Clients that call until they are told that it is over, and never call again then."""

    subject: Subject
    answered: int = 0
    failures: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def call(self) -> None:
        """What one client does."""
        wire: Wire | None = None
        request = self.subject.fill(ORDINARY)
        while not self.over.is_set():
            try:
                wire = wire or self.subject.connect()
                reply = wire.send(request).answer()
                require_taken(self.subject, reply)
            except (Silence, Unmet) as fault:
                self.failures.append(str(fault))
                break
            self.answered += 1
            if reply.is_last:
                wire.close()
                wire = None
        if wire is not None:
            wire.close()


def _under_load(subject: Subject) -> None:
    with _started(subject) as (server, own):
        load = _Load(own)
        clients = [threading.Thread(target=load.call) for _ in range(_CLIENTS)]
        for client in clients:
            client.start()
        try:
            until = time.monotonic() + own.timeout_s
            while load.answered < _WARM_CALLS and time.monotonic() < until and not load.failures:
                time.sleep(0.01)
            _until_not_ready(server, own)
        finally:
            load.over.set()
            for client in clients:
                client.join()
        _ended(server)
    if load.failures:
        raise Unmet(
            expected=f"no failed call of {load.answered}",
            got=f"{len(load.failures)}, the first: {load.failures[0]}",
        )


_case = Family(name="drain", need=Need.PROCESS).case
_MUST = Severity.MUST
CASES = (
    _case("in-flight", "finishes what is in flight", _KNATIVE, _in_flight, _MUST),
    _case("under-load", "fails no call under load", _KNATIVE, _under_load, _MUST),
    _case(
        "not-ready-first", "is not ready first, and serves on", _KUBERNETES, _not_ready_first, _MUST
    ),
    _case("idle", "waits for no idle connection", _KUBERNETES, _idle_ends, _MUST),
    _case("exit-code", "ends with exit code 0", _KUBERNETES, _exit_code, Severity.SHOULD),
)
