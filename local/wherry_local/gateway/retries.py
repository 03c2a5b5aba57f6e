"""How often an asynchronous call is tried, and when: annotations `com.openfaas.retry.*`. No I/O.

The names and defaults are those of OpenFaaS's queue worker: 10 attempts, waits from 10 s that
double up to 120 s, after the statuses 408, 429, 500, 502 and 504.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from wherry.deadline import duration_s
from wherry_local.gateway.answers import Refused

PREFIX = "com.openfaas.retry."
_MOST_ATTEMPTS = 1_000
_MOST_WAIT_S = 86_400.0
_MOST_ASKED_S = 3_600.0
_CODES = re.compile(r"[1-5][0-9]{2}(?: *, *[1-5][0-9]{2}){0,99}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRules:
    """When a call is tried again.

    Attributes:
        attempts: Tries in all.
        codes: Statuses after which there is another.
        min_wait_s: Wait after the first try; each further one is twice as long.
        max_wait_s: Longest wait.
    """

    attempts: int = 10
    codes: frozenset[int] = frozenset({408, 429, 500, 502, 504})
    min_wait_s: float = 10.0
    max_wait_s: float = 120.0

    def delay_s(self, tries: int, *, retry_after: str | None = None) -> float:
        """The wait after that many tries.

        Half of it is chance, so that what failed together does not come again together. What the
        function asks for by `Retry-After` counts where it is longer (RFC 9110 section 10.2.3).
        """
        base = min(self.max_wait_s, self.min_wait_s * 2.0 ** min(tries - 1, 40))
        wait = base / 2 + random.uniform(0, base / 2)  # noqa: S311 - it spreads, and hides nothing
        asked = _asked_s(retry_after)
        return wait if asked is None else max(asked, self.min_wait_s)


def retry_rules(annotations: Mapping[str, str]) -> RetryRules:
    """The rules that a function's annotations say.

    Raises:
        Refused: One is not as it must be.
    """
    plain = RetryRules()
    said = {
        name.removeprefix(PREFIX): text
        for name, text in annotations.items()
        if name.startswith(PREFIX)
    }
    least = _wait_s(said, "min_wait", plain.min_wait_s)
    most = _wait_s(said, "max_wait", max(plain.max_wait_s, least))
    if most < least:
        raise Refused(400, f"{PREFIX}max_wait: got {most:g} s, expected at least {least:g} s")
    return RetryRules(
        attempts=_attempts(said.get("attempts"), plain.attempts),
        codes=_codes(said.get("codes"), plain.codes),
        min_wait_s=least,
        max_wait_s=most,
    )


def _attempts(text: str | None, default: int) -> int:
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= _MOST_ATTEMPTS:
        raise Refused(400, f"{PREFIX}attempts: got {text[:40]!a}, expected 1 to {_MOST_ATTEMPTS}")
    return int(text)


def _codes(text: str | None, default: frozenset[int]) -> frozenset[int]:
    if text is None:
        return default
    if not _CODES.fullmatch(text):
        raise Refused(400, f"{PREFIX}codes: got {text[:40]!a}, expected statuses such as 429,502")
    return frozenset(int(each) for each in text.split(","))


def _wait_s(said: Mapping[str, str], name: str, default: float) -> float:
    text = said.get(name)
    if text is None:
        return default
    try:
        seconds = duration_s(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= _MOST_WAIT_S:
        wanted = "a time such as 10s, up to 24h"
        raise Refused(400, f"{PREFIX}{name}: got {text[:40]!a}, expected {wanted}")
    return seconds


def _asked_s(text: str | None) -> float | None:
    """Seconds that `Retry-After` asks for, within reason; None where it asks for nothing."""
    if text is None:
        return None
    if re.fullmatch(r"[0-9]{1,9}", text):
        return min(float(text), _MOST_ASKED_S)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    if at.tzinfo is None:
        return None
    return min(max((at - datetime.now(tz=timezone.utc)).total_seconds(), 0.0), _MOST_ASKED_S)
