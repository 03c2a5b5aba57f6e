"""Names that callers give: functions, namespaces, secrets and images. No I/O.

Each becomes a part of a path or of an address sooner or later, so the whole of it must fit.
"""

from __future__ import annotations

import re

from wherry_local.deployment import FunctionKey
from wherry_local.gateway.answers import Refused

_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_SECRET = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,198}[A-Za-z0-9])?")
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]{0,511}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,255}")
_LABEL_WANTED = "1 to 63 lower-case letters, digits and '-', and no '-' at either end"


def function_name(text: object, *, where: str = "service") -> str:
    """The name of a function.

    Raises:
        Refused: It is none.
    """
    return _whole(_LABEL, text, where, _LABEL_WANTED)


def namespace_name(text: object, *, where: str = "namespace") -> str:
    """The name of a namespace; raises as `function_name`."""
    return _whole(_LABEL, text, where, _LABEL_WANTED)


def secret_name(text: object, *, where: str = "name") -> str:
    """The name of a secret; raises as `function_name`."""
    wanted = "1 to 200 letters, digits, '.', '_' and '-', a letter or digit at both ends"
    return _whole(_SECRET, text, where, wanted)


def image_name(text: object, *, where: str = "image") -> str:
    """The name of an image; raises as `function_name`."""
    return _whole(_IMAGE, text, where, "the name of an image, such as ghcr.io/acme/hello:1.0")


def variable_name(text: object, *, where: str = "envVars") -> str:
    """The name of a variable of the environment; raises as `function_name`."""
    return _whole(_VARIABLE, text, where, "letters, digits, '_', '.' and '-', no digit at first")


def is_label(text: str) -> bool:
    """Whether it could be the name of a function or of a namespace."""
    return _LABEL.fullmatch(text) is not None


def key_in_path(text: str) -> FunctionKey:
    """`NAME` or `NAME.NAMESPACE`, as paths have it; the namespace is what follows the last dot.

    The namespace of one that says none is empty.

    Raises:
        Refused: Either is no name.
    """
    name, dot, namespace = text.rpartition(".")
    if not dot:
        return FunctionKey(function_name(namespace, where="function"), "")
    checked = function_name(name, where="function")
    return FunctionKey(checked, namespace_name(namespace, where="namespace"))


def _whole(pattern: re.Pattern[str], text: object, where: str, wanted: str) -> str:
    if isinstance(text, str) and pattern.fullmatch(text):
        return text
    shown = ascii(text[:80]) if isinstance(text, str) else type(text).__name__
    raise Refused(400, f"{where}: got {shown}, expected {wanted}")
