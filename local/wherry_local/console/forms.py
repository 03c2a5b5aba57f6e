"""What a person sent with a form: its fields, and whether it is one of the console's own.

A browser sends the administrator's password with whatever page made it send a form; so each form
carries a token that only the console's own pages have.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from wherry.errors import RequestRefused
from wherry.problem import Problem
from wherry_local.front.asked import Asked
from wherry_local.front.guard import OWN_SITES

LIMIT_BYTES = 8 * 1024 * 1024
_CONTENT_TYPE = "application/x-www-form-urlencoded"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class FormFault(Exception):  # noqa: N818 - named for what is wrong
    """A field holds what cannot be sent; the text says which and why, for whoever filled it in."""


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, by name."""

    fields: Mapping[str, str]

    def text(self, name: str) -> str:
        """A field of one line, without surrounding blanks; empty where it was left out."""
        return self.fields.get(name, "").strip()

    def lines(self, name: str) -> str:
        """A field of many lines; browsers end each with two characters, a file here with one."""
        return self.fields.get(name, "").replace("\r\n", "\n")


class Forms:
    """Reads forms, of this console's pages alone."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(32)

    def read(self, asked: Asked) -> Form:
        """The form that was sent.

        Raises:
            RequestRefused: It is none, or not one of this console's pages.
        """
        if asked.media_type != _CONTENT_TYPE:
            raise _refused(415, f"this takes a form ({_CONTENT_TYPE})")
        if asked.header("sec-fetch-site") not in OWN_SITES:
            raise _refused(403, "this form was sent by a page of another site")
        try:
            pairs = parse_qsl(
                asked.body.decode("ascii"), keep_blank_values=True, max_num_fields=100
            )
        except ValueError:
            raise _refused(400, "the form cannot be read") from None
        form = Form(dict(pairs))
        if not hmac.compare_digest(form.text("token").encode(), self.token.encode()):
            raise _refused(
                403, "this form is older than the platform: go back, reload the page, send it again"
            )
        return form


def pairs(text: str, *, what: str) -> list[tuple[str, str]]:
    """Lines of `name: value`, in order.

    Raises:
        FormFault: A line is none.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        if not colon or not _TOKEN.fullmatch(name.strip()):
            raise FormFault(f"{what}, line {number}: expected `name: value`, got {line.strip()!r}")
        found.append((name.strip(), value.strip()))
    return found


def _refused(status: int, detail: str) -> RequestRefused:
    return RequestRefused(Problem(status=status, detail=detail))
