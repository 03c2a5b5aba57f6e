"""`com.openfaas.docker.config`: what the client of a remote builder wants built. No I/O."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wherry_build import names
from wherry_build.errors import InvalidName, RemoteBuildRefused
from wherry_build.image.platform import Platform

FILE = "com.openfaas.docker.config"
LIMIT_BYTES = 256 * 1024
_LIMIT_ARGUMENTS = 256
_LIMIT_PLATFORMS = 16
_ARGUMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,127}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """One build, as its client asks for it.

    Attributes:
        image: Name of the image.
        platforms: What it is for; empty is the builder's own architecture.
        arguments: Build arguments.
        is_published: Whether the image is to be pushed.
    """

    image: str
    platforms: tuple[Platform, ...] = ()
    arguments: Mapping[str, str] = field(default_factory=dict)
    is_published: bool = True

    @property
    def function(self) -> str:
        """What the function is called: the image's name is all that is sent of it."""
        repository = self.image.rpartition("/")[2].partition(":")[0]
        return names.nearest_function_name(repository)


def read_configuration(content: bytes) -> Configuration:
    """Read the JSON document that go-sdk's `BuildConfig` becomes; keys of others are let be.

    Raises:
        RemoteBuildRefused: It says what cannot be; names the key.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise RemoteBuildRefused(f"{FILE}: got no JSON, expected an object") from None
    if not isinstance(document, dict):
        raise _wrong("the document", document, "an object")
    is_skipped = document.get("skipPush") or False
    if not isinstance(is_skipped, bool):
        raise _wrong("skipPush", is_skipped, "true or false")
    return Configuration(
        image=_image(document.get("image")),
        platforms=_platforms(document.get("platforms") or []),
        arguments=_arguments(document.get("buildArgs") or {}),
        is_published=not is_skipped,
    )


def _image(value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong("image", value, "a name such as ghcr.io/acme/hello:1.0")
    try:
        names.image_reference(value)
    except InvalidName as error:
        raise RemoteBuildRefused(f"{FILE}: {error.message}") from None
    if "@" in value:
        raise _wrong("image", value, "a name without a digest, which only a build gives")
    return value


def _platforms(value: Any) -> tuple[Platform, ...]:
    """The platforms, each once; faas-cli may have left commas between them."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _wrong("platforms", value, "a list such as linux/amd64, linux/arm64")
    said = [part.strip() for item in value for part in item.split(",") if part.strip()]
    if len(said) > _LIMIT_PLATFORMS:
        raise RemoteBuildRefused(
            f"{FILE}: platforms: got {len(said)}, expected at most {_LIMIT_PLATFORMS}"
        )
    try:
        return tuple(dict.fromkeys(map(Platform.parse, said)))
    except InvalidName as error:
        raise RemoteBuildRefused(f"{FILE}: {error.message}") from None


def _arguments(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > _LIMIT_ARGUMENTS:
        raise _wrong("buildArgs", value, f"an object of at most {_LIMIT_ARGUMENTS} texts")
    for name, text in value.items():
        if _ARGUMENT.fullmatch(name) is None:
            raise _wrong("buildArgs", name, "names of letters, digits, `_`, `-` and `.`")
        if not isinstance(text, str) or "\0" in text or not _is_unicode(text):
            # The value may be a secret, for all that it should not be: it is not repeated.
            raise RemoteBuildRefused(f"{FILE}: buildArgs.{name}: expected text")
    return dict(value)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _wrong(key: str, value: Any, expected: str) -> RemoteBuildRefused:
    kinds = {dict: "an object", list: "a list", type(None): "nothing"}
    shown = ascii(value)[:80] if isinstance(value, str) else kinds.get(type(value), "another kind")
    return RemoteBuildRefused(f"{FILE}: {key}: got {shown}, expected {expected}")
