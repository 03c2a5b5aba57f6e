"""Optional parts of the installation: what to say when one is asked for and not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from wherry_build.errors import ExtraMissing


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Around imports that need the extra `name`.

    Raises:
        ExtraMissing: A package of the extra is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package.startswith("wherry"):
            raise  # ours is always there; this is a bug
        raise ExtraMissing(
            f"the package {package!r} is not installed", hint=f"pip install 'wherry[{name}]'"
        ) from None
