"""Who may use a door: the Host it is asked by, the page that asks, and the password.

The platform listens where every page in a browser of this machine can reach it, so a name that was
made to resolve to it (DNS rebinding), a form on another site, and guesses of the password are all
refused. No I/O.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
from collections.abc import Callable, Sequence
from time import monotonic

from wherry.problem import Problem
from wherry.reply import Reply
from wherry_local.front.asked import Asked
from wherry_local.front.route import Route

USER = "admin"
_FAILURES_PER_S = 10
_PEERS = 1024
_HOSTS = 1024
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
OWN_SITES = frozenset({None, "same-origin", "none"})
"""What `Sec-Fetch-Site` says of a page of this very origin, of a person, and of no browser."""
_WILDCARDS = frozenset({"0.0.0.0", "::", "*"})
_FOREIGN = Problem(status=403, detail="pages of another origin may not ask this")
_UNAUTHORIZED = Reply(
    401,
    [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"www-authenticate", b'Basic realm="Restricted"'),
    ],
    b"invalid credentials",
)


class Guard:
    """Judges requests to one platform.

    Args:
        password: The password of the user `admin`.
        hosts: Names and addresses by which the platform may be asked beside those of loopback;
            `0.0.0.0` and `::` stand for every address, and for no name.
        clock: Monotonic seconds.

    Attributes:
        known_hosts: Values of `Host` that were met before, and whether the platform goes by them.
    """

    def __init__(
        self,
        *,
        password: str,
        hosts: Sequence[str] = (),
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._token = f"{USER}:{password}".encode()
        self._hosts = frozenset(host.lower().strip("[]") for host in hosts) - _WILDCARDS
        self._any_address = not _WILDCARDS.isdisjoint(hosts)
        self._clock = clock
        self.known_hosts: dict[bytes, bool] = {}
        self._failures: dict[str, tuple[int, float]] = {}

    # The Host that is asked for -------------------------------------------------------------

    def knows_host(self, value: bytes) -> bool:
        """Whether the platform goes by this value of `Host`."""
        known = self.known_hosts.get(value)
        if known is None:
            known = self._goes_by(_host_of(value.decode("latin-1").lower()))
            if len(self.known_hosts) >= _HOSTS:
                self.known_hosts.clear()
            self.known_hosts[value] = known
        return known

    def _goes_by(self, host: str) -> bool:
        if host == "localhost" or host.endswith(".localhost") or host in self._hosts:
            return True
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return address.is_loopback or self._any_address

    # The page and the password --------------------------------------------------------------

    def judge(self, route: Route, asked: Asked) -> Reply | None:
        """The answer to who may not use a guarded route; None to who may."""
        if _is_of_another_page(asked):
            return Reply.of_problem(_FOREIGN, asked.call_id)
        origin = asked.header("origin")
        if origin is not None:
            problem = self._foreign(origin, route, asked)
            if problem is not None:
                return Reply.of_problem(problem, asked.call_id)
        return self._judge_password(asked)

    def _foreign(self, origin: str, route: Route, asked: Asked) -> Problem | None:
        scheme, _, host = origin.lower().partition("://")
        if scheme not in {"http", "https"} or host != (asked.header("host") or "").lower():
            return _FOREIGN
        if asked.method in _CHANGING and _has_body(asked):
            kind = asked.media_type
            if kind != "application/json" and not (route.takes_forms and kind in _FORMS):
                return Problem(status=415, detail="expected a body of application/json")
        return None

    def _judge_password(self, asked: Asked) -> Reply | None:
        shown = asked.header("authorization")
        if shown is None:
            return _UNAUTHORIZED
        now = self._clock()
        count, since = self._failures.get(asked.peer, (0, now))
        if now - since >= 1.0:
            count, since = 0, now
        if count >= _FAILURES_PER_S:
            problem = Problem(
                status=429, detail="too many wrong passwords; try again", retry_after_s=1
            )
            return Reply.of_problem(problem, asked.call_id)
        if hmac.compare_digest(_basic(shown), self._token):
            return None
        if len(self._failures) >= _PEERS:
            self._failures.clear()
        self._failures[asked.peer] = (count + 1, since)
        return _UNAUTHORIZED


def _is_of_another_page(asked: Asked) -> bool:
    """Whether a page of another origin loads this as a part of itself.

    A GET for an image or a script carries no `Origin`, and the password that the browser knows.
    A link that somebody follows is `navigate`.
    """
    site = asked.header("sec-fetch-site")
    return site not in OWN_SITES and asked.header("sec-fetch-mode") != "navigate"


def _host_of(authority: str) -> str:
    """The host of `host[:port]`, without brackets and the dot of the root."""
    if authority.startswith("["):
        return authority[1:].partition("]")[0]
    return authority.partition(":")[0].removesuffix(".")


def _has_body(asked: Asked) -> bool:
    length = asked.header("content-length")
    return length not in {None, "0"} or asked.header("transfer-encoding") is not None


def _basic(value: str) -> bytes:
    """`user:password` of an `Authorization`; empty where it is malformed or of another scheme."""
    scheme, _, token = value.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(token.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""
