"""Cases of metrics: that they can be scraped, and that callers cannot make them grow.

It must not know which metrics a server has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from time import monotonic, sleep
from typing import TypeAlias
from urllib.parse import urlsplit

from prometheus_client.parser import text_string_to_metric_families

from wherry_local.conformance.case import Family, Need, Severity, Unmet
from wherry_local.conformance.subject import ORDINARY, Subject, shown
from wherry_local.conformance.wire import Reply, Wire

_FORMAT = "Prometheus exposition format 0.0.4"
_CALLS = 5
_SOON_S = 0.5
_AGAIN_S = 0.02

_Values: TypeAlias = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


def _scrape(subject: Subject, accept: str = "text/plain;version=0.0.4") -> Reply:
    parts = urlsplit(subject.metrics_url or "")
    head = (
        f"GET {parts.path or '/metrics'} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: {accept}\r\n"
    )
    host, port = parts.hostname or "", parts.port or 80
    with Wire(host, port, timeout_s=subject.timeout_s) as wire:
        reply = wire.send(f"{head}Connection: close\r\n\r\n".encode()).answer()
    if reply.status != 200:
        raise Unmet(expected="200", got=shown(reply))
    return reply


def _samples(subject: Subject) -> Iterator[tuple[str, frozenset[tuple[str, str]], float]]:
    text = _scrape(subject).body.decode("utf-8", "replace")
    try:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                yield sample.name, frozenset(sample.labels.items()), sample.value
    except ValueError as error:
        raise Unmet(expected="metrics in the text format", got=str(error)[:120]) from None


def _readable(subject: Subject) -> None:
    kind = _scrape(subject).value(b"content-type") or b""
    if not kind.startswith(b"text/plain"):
        raise Unmet(expected="Content-Type: text/plain", got=repr(kind))
    if not any(True for _ in _samples(subject)):
        raise Unmet(expected="at least one sample", got="none")


def _counts(subject: Subject) -> None:
    """Some counter goes up by one for each call, if not before the answer then soon after it."""
    # Twice, because calls from before may still be on their way into the first count.
    if not (_counts_once(subject) or _counts_once(subject)):
        expected = f"a counter that {_CALLS} calls have raised by {_CALLS}"
        raise Unmet(expected=expected, got="none")


def _counts_once(subject: Subject) -> bool:
    before = {(name, labels): value for name, labels, value in _samples(subject)}
    for _ in range(_CALLS):
        subject.ask(ORDINARY)
    until = monotonic() + _SOON_S
    while _CALLS not in _growths(subject, before):
        if monotonic() > until:
            return False
        sleep(_AGAIN_S)
    return True


def _growths(subject: Subject, before: _Values) -> set[float]:
    """By how much each counter has grown."""
    return {
        value - before.get((name, labels), 0.0)
        for name, labels, value in _samples(subject)
        if name.endswith(("_total", "_count"))
    }


def _bounded(subject: Subject) -> None:
    """No caller can make a series by a path, a query, a method or an event."""
    _call_oddly(subject, b"a")  # each status and method that there is gets its series
    counts = [_series(subject)]
    for mark in (b"b", b"c"):  # the last calls of the first round may be counted after that
        _call_oddly(subject, mark)
        counts.append(_series(subject))
        if counts[-1] <= counts[-2]:
            return
    raise Unmet(expected=f"{counts[-2]} series, as before", got=f"{counts[-1]}")


def _call_oddly(subject: Subject, mark: bytes) -> None:
    for number in range(20):
        unique = b"%s-%d" % (mark, number)
        path = b"/made-up/" + unique + b"?q=" + unique
        subject.ask(b"GET " + path + b" HTTP/1.1\r\nHost: {host}\r\n\r\n")
        subject.ask(mark.upper() + b"BREW" * (number + 1) + b" / HTTP/1.1\r\nHost: {host}\r\n\r\n")
        subject.ask(ORDINARY.replace(b"{event}", b"{event}ce-" + mark + b"%d: x\r\n" % number))


def _series(subject: Subject) -> int:
    return sum(1 for _ in _samples(subject))


def _open_metrics(subject: Subject) -> None:
    reply = _scrape(subject, "application/openmetrics-text;version=1.0.0")
    if not reply.body.endswith(b"# EOF\n"):
        raise Unmet(expected="OpenMetrics when it is asked for", got=repr(reply.body[-20:]))


_case = Family(name="metrics", need=Need.METRICS).case
CASES = (
    _case("readable", "shows metrics in the text format", _FORMAT, _readable),
    _case("counts", "counts its calls", _FORMAT, _counts, Severity.SHOULD),
    _case("bounded", "gives callers no way to add series", "Prometheus, naming", _bounded),
    _case("open-metrics", "speaks OpenMetrics", "OpenMetrics 1.0", _open_metrics, Severity.SHOULD),
)
