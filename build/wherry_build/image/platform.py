"""The platform that an image is for: operating system, architecture, variant. A value, no I/O."""

from __future__ import annotations

import re

from wherry_build.errors import InvalidName
from wherry_build.values import frozen

_WORD = re.compile(r"[a-z0-9_.]{1,32}", re.ASCII)


@frozen
class Platform:
    """Where an image runs, in the words of OCI.

    Attributes:
        os: Operating system.
        architecture: `amd64`, `arm64`.
        variant: `v8`; empty where the architecture says it all.
    """

    os: str = "linux"
    architecture: str
    variant: str = ""

    @classmethod
    def parse(cls, text: str) -> Platform:
        """The platform that `os/architecture[/variant]` names.

        Raises:
            InvalidName: `text` is of another form.
        """
        parts = text.split("/")
        if len(parts) not in {2, 3} or not all(_WORD.fullmatch(part) for part in parts):
            raise InvalidName(f"platform: got {text!a}, expected `linux/amd64` or `linux/arm64`")
        os, architecture, *variant = parts
        return cls(os=os, architecture=architecture, variant="".join(variant))

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)
