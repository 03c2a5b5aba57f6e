"""What an engine said before it failed, and what to try then; knows no way to an engine."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence

from wherry_build.errors import ImageBuildFailed, ImagePushFailed
from wherry_build.image.engine import Progress

_KEPT_LINES = 40
_ERROR = re.compile(r"^(?:.*?\berror\b(?: response from daemon)?: ?)(.+)$", re.IGNORECASE)


class LastLines:
    """Tells lines on, and keeps the last of them.

    Args:
        progress: Is told each line.
        redact: Takes out what nobody may read.
    """

    def __init__(self, progress: Progress, *, redact: Callable[[str], str] = str) -> None:
        self._progress = progress
        self._redact = redact
        self._kept: deque[str] = deque(maxlen=_KEPT_LINES)

    def tell(self, line: str) -> None:
        """The engine printed `line`."""
        shown = self._redact(line)
        self._kept.append(shown)
        self._progress.step(shown)

    @property
    def kept(self) -> tuple[str, ...]:
        """The last lines."""
        return tuple(self._kept)

    @property
    def reason(self) -> str:
        """The last line that says an error; else the last of all, or nothing."""
        for line in reversed(self._kept):
            if found := _ERROR.match(line):
                return found[1]
        return self._kept[-1] if self._kept else ""


def build_failed(reference: str, reason: str, log: Sequence[str]) -> ImageBuildFailed:
    """A build that failed, and what to try."""
    hint = ""
    text = "\n".join([reason, *log])
    if "Temporary failure in name resolution" in text or "NewConnectionError" in text:
        hint = "the build has no way to the package index: try --network host, or --wheels DIR"
    elif "CERTIFICATE_VERIFY_FAILED" in text:
        hint = (
            "the base image does not trust the index's certificate: give a --base that does, or "
            "the CA as the build secret `ca.pem`"
        )
    elif "Unable to locate package" in text:
        hint = "is the package's name right for the distribution of the base image?"
    elif "not found" in reason or "pull access denied" in text or "no such host" in text:
        hint = "is the base image's name right, and its registry reachable? give --base"
    return ImageBuildFailed(f"{reference}: {reason.strip()}", log=tuple(log), hint=hint)


def push_failed(
    reference: str, reason: str, log: Sequence[str], *, command: str = "docker"
) -> ImagePushFailed:
    """A push by the command line `command` that failed, and what to try."""
    host = reference.partition("/")[0]
    text = "\n".join([reason, *log]).lower()
    hint = ""
    if any(word in text for word in ("denied", "unauthorized", "authentication required")):
        hint = f"log in with the engine's own command: {command} login {host}"
    elif "no such host" in text or "connection refused" in text:
        hint = f"is {host} the right registry, and reachable?"
    elif "does not exist locally" in text or "not known" in text:
        hint = "build it first: wherry build --engine docker"
    return ImagePushFailed(f"{reference}: {reason.strip()}", log=tuple(log), hint=hint)
