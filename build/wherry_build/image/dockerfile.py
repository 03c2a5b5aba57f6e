"""The text of a function's Dockerfile.

Two stages that both the classic builder and BuildKit take. The first installs with pip into one
folder and compiles; the second holds the base, that folder and the function, owned by root and
writable by nobody. Lines are ordered by how often they change: an edit of a handler makes two
small layers anew, and the layer of libraries is shared by functions with the same requirements.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

DEFAULT_BASE = "python:3.12-slim"
SITE = "/opt/wherry"
FUNCTION = "/srv/function"
USER = "65532:65532"
PORT = 8080

_PIP = (
    "python3 -m pip install --no-cache-dir --no-compile --disable-pip-version-check "
    f"--root-user-action=ignore --target {SITE}"
)
_COMPILE = "python3 -m compileall -q --invalidation-mode unchecked-hash"
_PROBE = (
    "import http.client as h, os, sys; "
    f"c = h.HTTPConnection('127.0.0.1', int(os.environ.get('PORT') or {PORT}), timeout=2); "
    "c.request('GET', '/_/health'); sys.exit(c.getresponse().status != 200)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a Dockerfile depends on.

    Attributes:
        runtime: What pip installs the runtime by: a wheel's path in the context, or a shell
            word that gives one.
        has_requirements: Whether the context has `function/requirements.txt`.
        is_offline: Whether the context's wheels are all that pip may take.
        function: Name of the function; empty leaves it to the platform.
        handler: The handler's file in the function's folder.
        labels: Names and values of labels.
        arguments: Build arguments that are declared and not used.
    """

    runtime: str
    has_requirements: bool = True
    is_offline: bool = False
    function: str = ""
    handler: str = "handler.py"
    labels: tuple[tuple[str, str], ...] = ()
    arguments: tuple[str, ...] = ()


def dockerfile(recipe: Recipe) -> str:
    """The Dockerfile of `recipe`."""
    return (
        "\n\n".join(
            "\n".join(part)
            for part in (
                ["# Made by wherry; edits are lost at the next build.", f"ARG BASE={DEFAULT_BASE}"],
                _build_stage(recipe),
                _final_stage(recipe),
            )
        )
        + "\n"
    )


def _build_stage(recipe: Recipe) -> list[str]:
    install = [_PIP, "--find-links wheels"]
    if recipe.is_offline:
        install.append("--no-index")
    install.append(recipe.runtime)
    lines = ["FROM ${BASE} AS build", *(f"ARG {name}" for name in recipe.arguments)]
    lines += ["WORKDIR /build", "COPY wheels/ wheels/"]
    if recipe.has_requirements:
        lines.append("COPY function/requirements.txt requirements.txt")
        install.append("-r requirements.txt")
    return [
        *lines,
        f"RUN {' '.join(install)} \\",
        # Some distributions carry files for other versions of Python, which do not compile.
        f" && ({_COMPILE} {SITE} >/dev/null || true) \\",
        f" && chmod -R a+rX,a-w {SITE}",
        f"COPY function/ {FUNCTION}/",
        f"RUN {_COMPILE} {FUNCTION} \\",
        f" && chmod -R a+rX,a-w {FUNCTION}",
    ]


def _final_stage(recipe: Recipe) -> list[str]:
    return [
        "FROM ${BASE}",
        _environment(
            {
                "HOME": "/tmp",  # noqa: S108 - in the image, the only place to write to
                "PORT": str(PORT),
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHONPATH": SITE,
                "PYTHONSAFEPATH": "1",
                "PYTHONUNBUFFERED": "1",
                "WHERRY_HOST": "0.0.0.0",
            }
        ),
        f"WORKDIR {FUNCTION}",
        f"USER {USER}",
        f"EXPOSE {PORT}",
        "STOPSIGNAL SIGTERM",
        "HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \\",
        f"    CMD {json.dumps(['python3', '-I', '-S', '-c', _PROBE])}",
        'ENTRYPOINT ["python3", "-m", "wherry"]',
        "CMD []",
        f"COPY --from=build {SITE} {SITE}",
        *_identity(recipe),
        f"COPY --from=build {FUNCTION} {FUNCTION}",
    ]


def _identity(recipe: Recipe) -> list[str]:
    """What is the function's own; after the layer that functions share, before its code."""
    found = FUNCTION if recipe.handler == "handler.py" else f"{FUNCTION}/{recipe.handler}"
    environment = {"WHERRY_HANDLER": found}
    if recipe.function:
        environment["WHERRY_FUNCTION"] = recipe.function
    labels = " ".join(f"{json.dumps(name)}={json.dumps(value)}" for name, value in recipe.labels)
    return [_environment(environment), *([f"LABEL {labels}"] if labels else [])]


def _environment(variables: dict[str, str]) -> str:
    return "ENV " + " \\\n    ".join(f"{name}={value}" for name, value in variables.items())
