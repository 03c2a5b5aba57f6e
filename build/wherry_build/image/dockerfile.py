"""The text of a function's Dockerfile.

Two stages that both the classic builder and BuildKit take. The first installs with pip into one
folder and compiles; the second holds the base, that folder and the function, owned by root and
writable by nobody. Lines are ordered by how often they change: an edit of a handler makes two
small layers anew, and the layer of libraries is shared by functions with the same requirements.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from wherry_build import names
from wherry_build.image.conventions import (
    BUILD_INPUTS,
    DEFAULT_BASE,
    ENTRYPOINT,
    ENVIRONMENT,
    FUNCTION,
    PORT,
    PROBE,
    SITE,
    USER,
    function_environment,
)

PIP_SECRETS: Mapping[str, str] = {
    "ca.pem": "PIP_CERT",
    "netrc": "NETRC",
    "pip.conf": "PIP_CONFIG_FILE",
}
"""Build secrets that pip is told of by itself, with the variable that names the file."""

SECRETS = "/run/secrets"
"""Folder of the build secrets in a step that has them."""
PIP = (
    "python3 -m pip install --no-compile --progress-bar off --disable-pip-version-check "
    "--root-user-action=ignore"
)
PIP_CACHE = "--mount=type=cache,target=/root/.cache/pip,sharing=locked"
COMPILE = "python3 -m compileall -q --invalidation-mode unchecked-hash"

# What a package manager leaves behind, which is another at each run.
_LEFT_BY_APT = (
    "/var/lib/apt/lists/* /var/cache/apt/* /var/cache/ldconfig/aux-cache /var/log/apt/* "
    "/var/log/dpkg.log"
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
        arguments: Build arguments that the step that installs sees as variables.
        packages: Packages of the base's distribution, in a layer of their own.
        secrets: Ids of build secrets that the step that installs may read; needs mounts.
        has_mounts: Whether what builds it takes `RUN --mount`, as BuildKit does and the classic
            builder does not.
    """

    runtime: str
    has_requirements: bool = True
    is_offline: bool = False
    function: str = ""
    handler: str = "handler.py"
    labels: tuple[tuple[str, str], ...] = ()
    arguments: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    has_mounts: bool = False


def apt(packages: str) -> str:
    """The shell's words that install `packages`, words themselves, with Debian's tools."""
    return (
        "apt-get update "
        "&& DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "
        f"{packages} && rm -rf {_LEFT_BY_APT}"
    )


def run_settings() -> list[str]:
    """The instructions that say how the image runs, but for its variables and labels."""
    return [
        f"WORKDIR {FUNCTION}",
        f"USER {USER}",
        f"EXPOSE {PORT}",
        "STOPSIGNAL SIGTERM",
        "HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \\",
        f"    CMD {json.dumps(['python3', '-I', '-S', '-c', PROBE])}",
        f"ENTRYPOINT {json.dumps(ENTRYPOINT)}",
        "CMD []",
    ]


def environment(variables: Mapping[str, str]) -> str:
    """The instruction that sets `variables`."""
    return "ENV " + " \\\n    ".join(f"{name}={value}" for name, value in variables.items())


def dockerfile(recipe: Recipe) -> str:
    """The Dockerfile of `recipe`.

    Raises:
        InvalidName: A package, an argument or the id of a secret is none.
    """
    parts = [
        ["# Made by wherry; edits are lost at the next build.", f"ARG BASE={DEFAULT_BASE}"],
        *([_packages_stage(recipe)] if recipe.packages else []),
        _build_stage(recipe),
        _final_stage(recipe),
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _packages_stage(recipe: Recipe) -> list[str]:
    """The base with packages of its distribution: both stages stand on it, so it is one layer."""
    wanted = " ".join(names.system_package(each) for each in recipe.packages)
    return [
        "FROM ${BASE} AS base",
        "USER 0:0",
        "RUN if command -v apk >/dev/null; then \\",
        f"      apk add --no-cache {wanted}; \\",
        "    else \\",
        f"      {apt(wanted)}; \\",
        "    fi",
    ]


def _base(recipe: Recipe) -> str:
    return "base" if recipe.packages else "${BASE}"


def _build_stage(recipe: Recipe) -> list[str]:
    install = [*_install(recipe), "--find-links wheels"]
    if recipe.is_offline:
        install.append("--no-index")
    install.append(recipe.runtime)
    # A base may have a user of its own, who may not write to either folder.
    lines = [f"FROM {_base(recipe)} AS build", "USER 0:0"]
    lines += [f"ARG {names.environment_name(name)}" for name in recipe.arguments]
    lines += ["WORKDIR /build", "COPY wheels/ wheels/"]
    if recipe.has_requirements:
        lines.append("COPY function/requirements.txt requirements.txt")
        install.append("-r requirements.txt")
    return [
        *lines,
        f"RUN {' '.join(install)} \\",
        # Some distributions carry files for other versions of Python, which do not compile.
        f" && ({COMPILE} {SITE} >/dev/null || true) \\",
        f" && chmod -R a+rX,a-w {SITE}",
        f"COPY function/ {FUNCTION}/",
        # What only the build reads may name a private index, with its password.
        f"RUN cd {FUNCTION} && rm -f {' '.join(sorted(BUILD_INPUTS))} \\",
        f" && {COMPILE} {FUNCTION} \\",
        f" && chmod -R a+rX,a-w {FUNCTION}",
    ]


def _install(recipe: Recipe) -> Iterator[str]:
    """pip, before what it installs: what is mounted, and what it is told of that."""
    if recipe.has_mounts:
        yield PIP_CACHE
        for secret in recipe.secrets:
            yield f"--mount=type=secret,id={names.build_secret(secret)}"
        for secret, variable in PIP_SECRETS.items():
            if secret in recipe.secrets:
                yield f"{variable}={SECRETS}/{secret}"
    yield PIP
    if not recipe.has_mounts:
        yield "--no-cache-dir"
    yield f"--target {SITE}"


def _final_stage(recipe: Recipe) -> list[str]:
    return [
        f"FROM {_base(recipe)}",
        environment(ENVIRONMENT),
        *run_settings(),
        f"COPY --from=build {SITE} {SITE}",
        *_identity(recipe),
        f"COPY --from=build {FUNCTION} {FUNCTION}",
    ]


def _identity(recipe: Recipe) -> list[str]:
    """What is the function's own; after the layer that functions share, before its code."""
    labels = " ".join(f"{json.dumps(name)}={json.dumps(value)}" for name, value in recipe.labels)
    variables = function_environment(recipe.function, recipe.handler)
    return [environment(variables), *([f"LABEL {labels}"] if labels else [])]
