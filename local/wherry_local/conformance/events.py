"""Cases of CloudEvents over HTTP: the golden messages, and what is around them.

It must not know how a server reads events.
"""

from __future__ import annotations

import re

from wherry.cloudevents import CloudEvent, Mode, decode
from wherry.errors import EventError
from wherry.testing import GOLDEN, GOLDEN_FAULTS, Golden
from wherry_local.conformance.case import (
    Case,
    Check,
    Family,
    Need,
    Platform,
    Severity,
    Unmet,
)
from wherry_local.conformance.expectations import CLIENT_FAULTS
from wherry_local.conformance.subject import ORDINARY, Subject, shown
from wherry_local.conformance.wire import Reply

_TAKEN = frozenset(range(200, 300))
_MOMENT = re.compile(r"([^.]+:[0-9]{2})(\.[0-9]+)?(Z|[+-][0-9:]+)")
_GRAVE = ("no-", "empty-", "body-is", "invalid-utf-8")


def message(golden: Golden) -> bytes:
    """The template of the request that carries `golden`."""
    lines = [f"{name}: {value}\r\n".encode("latin-1") for name, value in golden.headers]
    length = b"Content-Length: %d\r\n\r\n" % len(golden.body)
    # The body is not a template: what looks like a mark in it is not one.
    return b"POST {target} HTTP/1.1\r\nHost: {host}\r\n" + b"".join(lines) + length


def _ask(subject: Subject, golden: Golden) -> Reply:
    with subject.connect() as wire:
        return wire.send(subject.fill(message(golden)) + golden.body).answer()


def _accepts(golden: Golden) -> Check:
    def check(subject: Subject) -> None:
        reply = _ask(subject, golden)
        if reply.status not in _TAKEN:
            raise Unmet(expected="a 2xx", got=shown(reply))

    return check


def _refuses(golden: Golden) -> Check:
    def check(subject: Subject) -> None:
        reply = _ask(subject, golden)
        if reply.status not in CLIENT_FAULTS:
            raise Unmet(expected=f"a 4xx, best {golden.status}", got=shown(reply))

    return check


def _echoes(golden: Golden) -> Check:
    def check(subject: Subject) -> None:
        reply = _ask(subject, golden)
        if reply.status not in _TAKEN:
            raise Unmet(expected="a 2xx", got=shown(reply))
        found = _events(reply) if reply.body or golden.events else ()
        if len(found) != len(golden.events):
            raise Unmet(expected=f"{len(golden.events)} events", got=f"{len(found)} events")
        for got, expected in zip(found, golden.events, strict=True):
            _require_same(got, expected)

    return check


def _events(reply: Reply) -> tuple[CloudEvent, ...]:
    try:
        found = decode(reply.headers, reply.body)
    except EventError as error:
        raise Unmet(expected="a valid event", got=f"{shown(reply)[:60]} ({error})") from None
    return tuple(found) if isinstance(found, list) else (found,)


def _require_same(got: CloudEvent, expected: CloudEvent) -> None:
    """Unmet unless all that was sent came back; whether more did is a case of its own."""
    came = _texts(got)
    for name, value in _texts(expected).items():
        if came.get(name) != value:
            raise Unmet(expected=f"{name} {value!r}", got=repr(came.get(name)))
    try:
        same = got.data == expected.data and (got.data_bytes is None) == (
            expected.data_bytes is None
        )
    except EventError as error:
        raise Unmet(expected="the data as they were sent", got=str(error)) from None
    if not same:
        raise Unmet(expected=f"the data {_short(expected)}", got=_short(got))


def _texts(event: CloudEvent) -> dict[str, str]:
    """Attributes as their text, since a header has no types; one moment has one text."""
    texts = {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in event.wire_attributes().items()
    }
    if "time" in texts:
        moment, fraction, zone = _MOMENT.sub(r"\1|\2|\3", texts["time"].upper()).split("|")
        zone = "Z" if zone == "+00:00" else zone
        texts["time"] = f"{moment}{fraction.rstrip('.0')}{zone}"
    return texts


def _short(event: CloudEvent) -> str:
    """The beginning of the data, and as what its content type has it read."""
    text = event.data_bytes
    return "none" if text is None else f"{text[:40]!r}, read as {type(event.data).__name__}"


def _adds_nothing(subject: Subject) -> None:
    (event,) = _events(subject.ask(ORDINARY))
    known = {"specversion", "id", "source", "type", "datacontenttype"}
    added = sorted(set(_texts(event)) - known)
    if added:
        raise Unmet(expected="the attributes that were sent", got=f"also {', '.join(added)}")


def _never_fails(subject: Subject) -> None:
    for golden in (*GOLDEN, *GOLDEN_FAULTS):
        reply = _ask(subject, golden)
        if reply.status >= 500:
            raise Unmet(expected=f"no 5xx to {golden.name}", got=shown(reply))


def _reply_is_event(subject: Subject) -> None:
    """Knative takes any other body for a failed delivery, and delivers again."""
    reply = subject.ask(ORDINARY)
    if reply.body:
        _events(reply)


def _is_optional(golden: Golden) -> bool:
    return golden.mode is Mode.BATCH or golden.name.endswith(("version-0.3", "leap-second"))


_case = Family(name="events", need=Need.EVENTS).case
_case_of_echo = Family(name="events", need=Need.ECHO).case


def _of_golden(golden: Golden) -> tuple[Case, Case]:
    section, words = f"CloudEvents {golden.section}", _words(golden)
    severity = Severity.SHOULD if _is_optional(golden) else Severity.MUST
    return (
        _case(f"accepts.{golden.name}", f"accepts {words}", section, _accepts(golden), severity),
        _case_of_echo(
            f"echoes.{golden.name}",
            f"hands on {words}, nothing lost or changed",
            section,
            _echoes(golden),
            severity,
        ),
    )


def _of_fault(golden: Golden) -> Case:
    """What is no event at all must be refused; the finer rules should hold."""
    plain = golden.name.partition("-")[2]
    is_grave = golden.mode is not Mode.BATCH and plain.startswith(_GRAVE)
    return _case(
        f"refuses.{golden.name}",
        f"refuses {_words(golden)}",
        f"CloudEvents {golden.section}",
        _refuses(golden),
        Severity.MUST if is_grave else Severity.SHOULD,
    )


def _words(golden: Golden) -> str:
    mode, _, name = golden.name.partition("-")
    return f"{name.replace('-', ' ')} ({mode})"


_AROUND = (
    _case_of_echo(
        "adds-nothing",
        "adds no attribute to an event it hands on",
        "CloudEvents core, time",
        _adds_nothing,
        Severity.SHOULD,
    ),
    _case(
        "never-fails",
        "answers no message, valid or not, with a 5xx",
        "RFC 9110 15.6",
        _never_fails,
    ),
    Family(name="events", platform=Platform.KNATIVE, need=Need.EVENTS).case(
        "reply-is-event",
        "answers an event with an event or an empty body",
        "Knative Eventing, data plane",
        _reply_is_event,
    ),
)
_STRICT = tuple(golden for golden in GOLDEN if golden.encoding == "strict")

CASES = (
    *(case for golden in _STRICT for case in _of_golden(golden)),
    *(_of_fault(golden) for golden in GOLDEN_FAULTS),
    *_AROUND,
)
