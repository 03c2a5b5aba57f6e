"""What a scalar without quotes is: a text, a number, a boolean or nothing, as YAML 1.2 has it.

The common forms are told here; for what looks like a number or a date in any other the round-trip
library is asked, so that there is one answer to each. It knows no reader.
"""

from __future__ import annotations

import functools
import re
from datetime import date

from wherry_build.lint.node import Node
from wherry_build.lint.roundtrip import Unreadable, read_yaml
from wherry_build.quoted_scalar import Unusual

_WORDS = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
_FIRST_OF_NUMBER = frozenset("-+.0123456789")
_NUMBER_OR_DATE = re.compile(r"[-+.:_0-9A-FXOTZINa-fxotzin ]*")
_REFUSED = frozenset({"<<", "="})  # a merge key, and the key of a default value


@functools.lru_cache(maxsize=1 << 15)
def plain(text: str) -> Node:
    """What `text` is when it stands without quotes.

    Raises:
        Unusual: It has a meaning of its own.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _FIRST_OF_NUMBER:
        if text in _REFUSED:
            raise Unusual
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if text.count(".") < 2 and _NUMBER_OR_DATE.fullmatch(text):
        return _asked(text)
    return text


def _asked(text: str) -> Node:
    try:
        (value,) = read_yaml(text)
    except (Unreadable, ValueError) as error:
        raise Unusual from error
    if isinstance(value, str):
        return text
    if isinstance(value, (int, float, date)):
        return value
    raise Unusual
