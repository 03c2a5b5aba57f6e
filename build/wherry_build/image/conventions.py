"""What every image of a function has, whichever engine makes it. Values only."""

from __future__ import annotations

from collections.abc import Mapping

DEFAULT_BASE = "python:3.12-slim"
SITE = "/opt/wherry"
FUNCTION = "/srv/function"
USER = "65532:65532"
PORT = 8080
ENTRYPOINT = ("python3", "-m", "wherry")
BUILD_INPUTS = frozenset(
    {"pylock.toml", "pyproject.toml", "requirements.txt", "uv.lock", "uv.toml"}
)
"""Files that a function's build reads and its code does not; they may name private indexes."""
ENVIRONMENT: Mapping[str, str] = {
    "HOME": "/tmp",  # noqa: S108 - in the image, the only place to write to
    "PORT": str(PORT),
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONPATH": SITE,
    "PYTHONSAFEPATH": "1",
    "PYTHONUNBUFFERED": "1",
    "WHERRY_HOST": "0.0.0.0",
}
"""What every image sets."""
PROBE = (
    "import http.client as h, os, sys; "
    f"c = h.HTTPConnection('127.0.0.1', int(os.environ.get('PORT') or {PORT}), timeout=2); "
    "c.request('GET', '/_/health'); sys.exit(c.getresponse().status != 200)"
)
"""What asks the function whether it lives, from inside."""


def function_environment(name: str, handler: str) -> dict[str, str]:
    """What the image of one function sets besides; an empty `name` leaves it to the platform."""
    found = FUNCTION if handler == "handler.py" else f"{FUNCTION}/{handler}"
    return {"WHERRY_HANDLER": found, **({"WHERRY_FUNCTION": name} if name else {})}
