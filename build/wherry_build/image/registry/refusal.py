"""What a registry's answer means when it is not the one that was wanted.

The words of a registry are shown, on one line and not many of them; never when one of them is what
it was shown to let us in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from time import time

from wherry_build.deploy.wording import words
from wherry_build.errors import AccessDenied, RegistryError, RegistryUnavailable
from wherry_build.image.registry import url as urls
from wherry_build.image.registry.reference import DOCKER_HUB
from wherry_build.image.registry.wire import Answer
from wherry_build.values import frozen

BUSY = frozenset({408, 429, 500, 502, 503, 504})
_LIMIT_SHOWN = 200
_SHORTEST_SECRET = 4
_CODE = re.compile(r"[A-Z_]{1,64}", re.ASCII)
_HINTS = {
    "NAME_UNKNOWN": "is the name right? some registries want a repository to be made first",
    "NAME_INVALID": "is the name one that this registry takes?",
    "TOOMANYREQUESTS": "wait, or `{login}`: registries let those do more whom they know",
    "UNSUPPORTED": "can this registry be written to, or is it a mirror?",
    "MANIFEST_INVALID": "the registry may not take images of this kind",
}


@frozen
class Refusal:
    """What a registry says when it refuses.

    Attributes:
        codes: The specification's names of what is wrong, `BLOB_UNKNOWN`.
        text: Its own words for the first of them.
    """

    codes: tuple[str, ...] = ()
    text: str = ""


def read_refusal(body: bytes) -> Refusal | None:
    """What a body says, as the specification has it; None when it is something else."""
    try:
        errors = json.loads(body)["errors"]
        codes = [str(each["code"]) for each in errors]
        text = errors[0].get("message") or "" if errors else ""
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return Refusal(
        codes=tuple(code for code in codes if _CODE.fullmatch(code)),
        text=words(str(text), limit=_LIMIT_SHOWN),
    )


def login(registry: str) -> str:
    """The command that makes a registry know somebody."""
    return "docker login" if registry == DOCKER_HUB else f"docker login {registry}"


def refused(
    registry: str, what: str, answer: Answer, *, secrets: Iterable[str] = ()
) -> RegistryError:
    """The error that an answer is; `what` was asked, `for a token`."""
    said = read_refusal(answer.body)
    told = _told(answer, said, secrets)
    message = f"{registry}, asked {what}, answers {answer.status}{told}"
    status = answer.status
    code = said.codes[0] if said is not None and said.codes else ""
    if status in {401, 403} or code in {"DENIED", "UNAUTHORIZED"}:
        return AccessDenied(message, hint=login(registry))
    if status == 429:
        code = "TOOMANYREQUESTS"
    hint = _HINTS.get(code, "").format(login=login(registry))
    if status == 413:
        hint = "a proxy before the registry takes no body of that size: raise its limit"
    if status in BUSY or said is None:
        hint = hint or f"curl -I {urls.api(answer.url)} shows what answers"
        return RegistryUnavailable(message, hint=hint)
    return RegistryError(message, hint=hint)


def pause_s(answer: Answer) -> float | None:
    """How long a busy registry wants to be left alone (RFC 9110 section 10.2.3)."""
    said = answer.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", said, re.ASCII):
        return float(said)
    if not said:
        return None
    from email.utils import mktime_tz, parsedate_tz

    try:
        date = parsedate_tz(said)
        return None if date is None else max(0.0, mktime_tz(date) - time())
    except (ValueError, OverflowError):
        return None


def _told(answer: Answer, said: Refusal | None, secrets: Iterable[str]) -> str:
    if said is None:
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return " with a page, as no registry does" if kind == "text/html" else ""
    code = f" {said.codes[0]}" if said.codes else ""
    is_telling = any(len(secret) >= _SHORTEST_SECRET and secret in said.text for secret in secrets)
    return f"{code}: {said.text}" if said.text and not is_telling else code
