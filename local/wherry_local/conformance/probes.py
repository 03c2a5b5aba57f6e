"""Cases of probes: what each platform asks to know whether to send work.

It must not know events beyond the ordinary one.
"""

from __future__ import annotations

from wherry_local.conformance.case import Case, Check, Platform, Severity, Unmet
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


def _case(
    name: str,
    title: str,
    section: str,
    check: Check,
    platform: Platform,
    severity: Severity = Severity.MUST,
) -> Case:
    return Case(
        id=f"health.{platform.value}.{name}",
        title=title,
        section=section,
        check=check,
        severity=severity,
        platform=platform,
    )


_OPENFAAS, _KNATIVE = Platform.OPENFAAS, Platform.KNATIVE
_WATCHDOG = "of-watchdog, README"
_RUNTIME = "Knative runtime contract, probes"
_FUNCTION = "Knative func-python, health"

CASES = (
    _case("health", "is healthy at /_/health", _WATCHDOG, _healthy("/_/health"), _OPENFAAS),
    _case("ready", "is ready at /_/ready", _WATCHDOG, _healthy("/_/ready"), _OPENFAAS),
    _case(
        "health-head",
        "answers HEAD /_/health",
        _WATCHDOG,
        _healthy("/_/health", "HEAD"),
        _OPENFAAS,
        Severity.SHOULD,
    ),
    _case(
        "chunked",
        "takes bodies in chunks, also empty ones",
        "of-watchdog, mode http",
        _of_no_length,
        _OPENFAAS,
    ),
    _case(
        "liveness",
        "is alive at /health/liveness",
        _FUNCTION,
        _healthy("/health/liveness"),
        _KNATIVE,
        Severity.SHOULD,
    ),
    _case(
        "readiness",
        "is ready at /health/readiness",
        _FUNCTION,
        _healthy("/health/readiness"),
        _KNATIVE,
        Severity.SHOULD,
    ),
    _case("bare", "does not fail on a probe of /", _RUNTIME, _bare_probe, _KNATIVE),
)
