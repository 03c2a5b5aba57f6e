"""Cases of the WebHook handshake, by which a server consents to deliveries.

It must not know events beyond the ordinary one.
"""

from __future__ import annotations

from wherry_local.conformance.case import Family, Need, NotTried, Severity, Unmet
from wherry_local.conformance.subject import Subject, shown
from wherry_local.conformance.wire import Reply

_WEBHOOK = "CloudEvents WebHook 4"
_ALLOWED_ORIGIN = b"webhook-allowed-origin"
_SUCCESS = frozenset(range(200, 300))


def _consent(subject: Subject) -> Reply:
    """The answer that gives consent; a server need not, and says so by leaving the header out."""
    reply = subject.ask(
        b"OPTIONS {target} HTTP/1.1\r\nHost: {host}\r\n"
        b"WebHook-Request-Origin: events.example.com\r\nWebHook-Request-Rate: 120\r\n\r\n"
    )
    if not reply.values(_ALLOWED_ORIGIN):
        raise NotTried("it does not consent to deliveries from events.example.com")
    return reply


def _consents(subject: Subject) -> None:
    reply = _consent(subject)
    allowed = reply.values(_ALLOWED_ORIGIN)
    if reply.status not in _SUCCESS or allowed not in ([b"*"], [b"events.example.com"]):
        raise Unmet(
            expected="a 2xx with WebHook-Allowed-Origin: events.example.com",
            got=f"{reply.status}, WebHook-Allowed-Origin: {allowed!r}",
        )


def _consents_to_rate(subject: Subject) -> None:
    rate = _consent(subject).value(b"webhook-allowed-rate")
    if rate is None or not (rate == b"*" or (rate.isdigit() and int(rate) > 0)):
        raise Unmet(expected="WebHook-Allowed-Rate with a number or *", got=repr(rate))


def _allows_post(subject: Subject) -> None:
    allow = b",".join(_consent(subject).values(b"allow")).upper()
    if b"POST" not in [each.strip() for each in allow.split(b",")]:
        raise Unmet(expected="Allow with POST", got=repr(allow))


def _is_not_asked(subject: Subject) -> None:
    reply = subject.ask(b"OPTIONS {target} HTTP/1.1\r\nHost: {host}\r\n\r\n")
    if reply.values(_ALLOWED_ORIGIN):
        raise Unmet(expected="no consent that was not asked for", got="WebHook-Allowed-Origin")
    if reply.status >= 500:
        raise Unmet(expected="any answer but a 5xx", got=shown(reply))


_case = Family(name="events.webhook", need=Need.EVENTS).case

CASES = (
    _case("consent", "consents to the sender who asked, with a 2xx", f"{_WEBHOOK}.2.1", _consents),
    _case("rate", "says with its consent how often", f"{_WEBHOOK}.2.2", _consents_to_rate),
    _case("allow", "allows POST with its consent", f"{_WEBHOOK}.2", _allows_post, Severity.SHOULD),
    _case("unasked", "gives no consent that was not asked for", f"{_WEBHOOK}.2", _is_not_asked),
)
