"""The single values of `wherry.yaml`: what each must look like, said once.

A constraint knows how to check a value and what to call it; readers, the JSON Schema and the
reference page are all made from it. It knows neither YAML nor where a value stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from wherry_build import names
from wherry_build.errors import InvalidName


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Text that fits a pattern.

    Attributes:
        expected: What it must be, as an error has it.
        pattern: A regular expression that the whole must fit, in the dialect that Python and JSON
            Schema share.
        limit: Characters at most.
        check: A stricter check, which raises `InvalidName`.
    """

    expected: str
    pattern: str = r"[^\u0000]*"
    limit: int = 65536
    check: Callable[[str], str] | None = None

    def accepts(self, value: str) -> bool:
        """Whether `value` is such a text."""
        if len(value) > self.limit or not re.fullmatch(self.pattern, value):
            return False
        if self.check is not None:
            try:
                self.check(value)
            except InvalidName:
                return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A whole number within bounds."""

    least: int
    most: int

    @property
    def expected(self) -> str:
        """What it must be, as an error has it."""
        return f"a whole number from {self.least} to {self.most}"

    def accepts(self, value: int) -> bool:
        """Whether `value` is within the bounds."""
        return self.least <= value <= self.most


_LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_SERVICE = r"[a-z]([a-z0-9-]*[a-z0-9])?"
_DOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_QUALIFIED = rf"({_DOMAIN}/)?[A-Za-z0-9]([A-Za-z0-9._-]{{0,61}}[A-Za-z0-9])?"
_DNS_WORDS = "lower-case letters, digits and dashes, at most 63"
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - RFC 9110 section 5.6.2, no password
_CRON_FIELD = r"[0-9A-Za-z*?/,#-]+"
_CRON_WORD = r"@(yearly|annually|monthly|weekly|daily|midnight|hourly)"
_FILE = r"(?!/)(?!.*(^|/)\.\.(/|$))[^\u0000-\u001f\\]+"

AnyText = Annotated[str, Text(expected="text; in quotes when it reads as something else")]
FunctionName = Annotated[
    str,
    Text(expected=f"{_DNS_WORDS}, a letter first", pattern=_SERVICE, limit=63),
]
LABEL = Text(expected=_DNS_WORDS, pattern=_LABEL, limit=63)
Label = Annotated[str, LABEL]
TagName = Annotated[str, Text(expected=f"{_DNS_WORDS}, a letter first", pattern=_SERVICE, limit=63)]
EnvironmentName = Annotated[
    str,
    Text(
        expected="letters, digits and underscores, no digit first, and none that platforms set",
        pattern=r"(?!(PORT|K_SERVICE|K_CONFIGURATION|K_REVISION)$)[A-Za-z_][A-Za-z0-9_]*",
        limit=253,
    ),
]
QualifiedName = Annotated[
    str,
    Text(
        expected="a Kubernetes key such as `team` or `acme.com/team`",
        pattern=_QUALIFIED,
        limit=253 + 1 + 63,
    ),
]
LabelValue = Annotated[
    str,
    Text(
        expected="letters, digits, `-`, `_` and `.`, at most 63",
        pattern=r"([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?",
        limit=63,
    ),
]
ImageReference = Annotated[
    str,
    Text(
        expected="`[registry/]name[:tag][@sha256:digest]`",
        pattern=r"[A-Za-z0-9._/:@-]+",
        limit=512,
        check=names.image_reference,
    ),
]
ImagePrefix = Annotated[
    str,
    Text(
        expected="lower-case parts divided by `/`, `ghcr.io/acme`",
        pattern=r"[a-z0-9._/:-]+",
        limit=255,
        check=names.image_repository,
    ),
]
Host = Annotated[
    str,
    Text(
        expected="a DNS name in lower case such as `fns.example.com`",
        pattern=rf"(\*\.)?{_DOMAIN}",
        limit=253,
        check=names.host,
    ),
]
Url = Annotated[
    str,
    Text(
        expected="`http://host[:port][/path]` without credentials",
        pattern=r"https?://[A-Za-z0-9._~/:-]+",
        limit=2048,
        check=names.url,
    ),
]
EventType = Annotated[
    str,
    Text(
        expected="printable ASCII such as `com.acme.order.placed`",
        pattern=r"[\u0021-\u007e]([\u0020-\u007e]*[\u0021-\u007e])?",
        limit=1024,
        check=names.event_type,
    ),
]
AttributeName = Annotated[
    str,
    Text(
        expected="a CloudEvents attribute: lower-case letters and digits, a letter first",
        pattern=r"[a-z][a-z0-9]*",
        limit=64,
    ),
]
AttributeValue = Annotated[
    str, Text(expected="text, not empty", pattern=r"[^\u0000-\u001f\u007f]+", limit=4096)
]
Path = Annotated[
    str,
    Text(
        expected="a path such as `/orders`, without `//`, `..`, query or fragment",
        pattern=r"/(?!.*//)(?!/)(?!(.*/)?\.\.?(/|$))[A-Za-z0-9._~!$&'()*+,;=:@%/-]*",
        limit=1024,
    ),
]
RelativeFile = Annotated[
    str,
    Text(
        expected="a path below the folder of wherry.yaml, such as `functions/hello`",
        pattern=_FILE,
        limit=1024,
    ),
]
PlatformName = Annotated[
    str,
    Text(
        expected="a platform such as `linux/amd64` or `linux/arm64`",
        pattern=r"linux/[a-z0-9_.]{1,32}(/[a-z0-9_.]{1,32})?",
        limit=72,
    ),
]
PackageName = Annotated[
    str,
    Text(
        expected="a package of the base's distribution such as `libpq5`",
        pattern=r"[a-z0-9][a-z0-9+._-]*(=[A-Za-z0-9.+:~_-]+)?",
        limit=256,
    ),
]
SecretId = Annotated[
    str,
    Text(
        expected="letters, digits, `-`, `_` and `.`, at most 63",
        pattern=r"[A-Za-z0-9][A-Za-z0-9._-]*",
        limit=63,
    ),
]
HeaderName = Annotated[
    str,
    Text(expected="a header's name (RFC 9110 section 5.1)", pattern=_TOKEN, limit=256),
]
HeaderValue = Annotated[
    str, Text(expected="printable ASCII", pattern=r"[\u0020-\u007e]+", limit=4096)
]
Origin = Annotated[
    str,
    Text(
        expected="`*`, or an origin such as `https://example.com`",
        pattern=rf"\*|https?://{_DOMAIN}(:[0-9]{{1,5}})?",
        limit=512,
    ),
]
Cron = Annotated[
    str,
    Text(
        expected="five fields as in `*/5 * * * *`, or a word such as `@daily`",
        pattern=rf"{_CRON_FIELD}( {_CRON_FIELD}){{4}}|{_CRON_WORD}",
        limit=256,
    ),
]
TimeZone = Annotated[
    str,
    Text(
        expected="a zone such as `Europe/Rome`",
        pattern=r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}",
        limit=64,
    ),
]
MediaType = Annotated[
    str,
    Text(
        expected="a media type such as `application/json`",
        pattern=rf"{_TOKEN}/{_TOKEN}(; ?[\u0021-\u007e]+)?",
        limit=256,
    ),
]
Percent = Annotated[int, Whole(least=0, most=100)]
Count = Annotated[int, Whole(least=1, most=1_000_000)]
