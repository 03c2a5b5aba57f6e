"""Cases of probes: what each platform asks to know whether to send work.

It must not know events beyond the ordinary one.
"""

from __future__ import annotations

from wherry_local.conformance.case import Check, Family, Platform, Severity, Unmet
from wherry_local.conformance.subject import ORDINARY, Subject, require_taken, shown

_ANY_2XX = frozenset(range(200, 300))


def _healthy(path: str, method: str = "GET", agent: str = "kube-probe/1.33") -> Check:
    """The probe is answered with a 2xx, and the connection can go on."""

    def check(subject: Subject) -> None:
        head = f"{method} {path} HTTP/1.1\r\nHost: {{host}}\r\nUser-Agent: {agent}\r\n\r\n"
        with subject.connect() as wire:
            wire.send(subject.fill(head.encode()))
            reply = wire.answer(to_head=method == "HEAD")
            if reply.status not in _ANY_2XX:
                raise Unmet(expected="a 2xx", got=shown(reply))
            if not reply.is_last:
                require_taken(subject, wire.send(subject.fill(ORDINARY)).answer())

    return check


def _of_no_length(subject: Subject) -> None:
    """of-watchdog in front sends every body in chunks, also the empty one of a GET."""
    chunked = b"{target} HTTP/1.1\r\nHost: {host}\r\n{event}Transfer-Encoding: chunked\r\n\r\n"
    require_taken(subject, subject.ask(b"POST " + chunked + b"5\r\nhello\r\n0\r\n\r\n"))
    reply = subject.ask(b"GET " + chunked + b"0\r\n\r\n")
    if reply.status >= 500:
        raise Unmet(expected="any answer but a 5xx", got=shown(reply))


def _bare_probe(subject: Subject) -> None:
    """A kubelet's probe of the function's own path: any answer, as long as nothing fails."""
    reply = subject.ask(b"GET / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: kube-probe/1.33\r\n\r\n")
    if reply.status >= 500:
        raise Unmet(expected="any answer but a 5xx", got=shown(reply))


_of_openfaas = Family(name="health.openfaas", platform=Platform.OPENFAAS).case
_of_knative = Family(name="health.knative", platform=Platform.KNATIVE).case
_WATCHDOG = "of-watchdog, README"
_RUNTIME = "Knative runtime contract, probes"
_FUNCTION = "Knative func-python, health"

CASES = (
    _of_openfaas("health", "is healthy at /_/health", _WATCHDOG, _healthy("/_/health")),
    _of_openfaas("ready", "is ready at /_/ready", _WATCHDOG, _healthy("/_/ready")),
    _of_openfaas(
        "health-head",
        "answers HEAD /_/health",
        _WATCHDOG,
        _healthy("/_/health", "HEAD"),
        Severity.SHOULD,
    ),
    _of_openfaas(
        "chunked",
        "takes bodies in chunks, also empty ones",
        "of-watchdog, mode http",
        _of_no_length,
    ),
    _of_knative(
        "liveness",
        "is alive at /health/liveness",
        _FUNCTION,
        _healthy("/health/liveness"),
        Severity.SHOULD,
    ),
    _of_knative(
        "readiness",
        "is ready at /health/readiness",
        _FUNCTION,
        _healthy("/health/readiness"),
        Severity.SHOULD,
    ),
    _of_knative("bare", "does not fail on a probe of /", _RUNTIME, _bare_probe),
)
