"""The Dockerfile of every template: what faas-cli builds, with the classic builder or BuildKit.

It makes the image that `wherry build` makes, and takes what faas-cli's own templates take: Python's
version, packages of the distribution, tests that the build stands or falls with. The tests run in
the stage that the image is copied from: BuildKit leaves out a stage that nothing is copied from.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from wherry._version import __version__
from wherry_build.image.conventions import (
    ENTRYPOINT,
    ENVIRONMENT,
    FUNCTION,
    PORT,
    PROBE,
    SITE,
    USER,
)
from wherry_build.image.dockerfile import PIP_SECRETS

_TESTED = "/opt/test"
_FROM = "FROM --platform=${TARGETPLATFORM:-linux/amd64} ${BASE}"
_PIP = "python3 -m pip install --no-compile --disable-pip-version-check --root-user-action=ignore"
_SECRETS = "/run/secrets"
_COMPILE = "python3 -m compileall -q --invalidation-mode unchecked-hash"
_APT = (
    "DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends {packages} "
    "&& rm -rf /var/lib/apt/lists/*"
)
_NO_APT = (
    "command -v apt-get >/dev/null || "
    "{ echo 'error: ADDITIONAL_PACKAGE needs a base with apt-get' >&2; exit 1; }"
)
# What only compiling needs stays out of the image: it is most of a function's size otherwise.
_BUILD_ONLY = "*-dev|gcc|g++|make|cmake|pkg-config|build-essential|cargo|rustc|git"
_IF_TESTED = 'if [ "${TEST_ENABLED}" = true ] || [ "${TEST_ENABLED}" = 1 ]; then'
_TEST_FILES = ("test_*.py", "*_test.py", "conftest.py", "requirements-test.txt")
_MOUNTS = [
    "--mount=type=cache,target=/root/.cache/pip,sharing=locked",
    *(f"--mount=type=secret,id={secret}" for secret in PIP_SECRETS),
    *(
        f"if [ -s {_SECRETS}/{secret} ]; then export {variable}={_SECRETS}/{secret}; fi;"
        for secret, variable in PIP_SECRETS.items()
    ),
]


def template_dockerfile(*, has_mounts: bool = False) -> str:
    """The text; it installs the wheel beside it, or else our version from the index.

    Args:
        has_mounts: Whether only BuildKit is to build it: pip then keeps what it has downloaded and
            reads the build secrets of `PIP_SECRETS`. The classic builder refuses such a file.
    """
    parts = (_arguments(), _build_stage(has_mounts=has_mounts), _final_stage())
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _arguments() -> list[str]:
    return [
        "# A function of Wherry, as faas-cli builds it; `wherry template export` makes it anew.",
        "ARG PYTHON_VERSION=3.12",
        "ARG BASE=python:${PYTHON_VERSION}-slim",
    ]


def _build_stage(*, has_mounts: bool) -> list[str]:
    mounts, pip = (_MOUNTS, _PIP) if has_mounts else ([], f"{_PIP} --no-cache-dir")
    runtime = f"$(ls wheels/wherry-*.whl 2>/dev/null || echo wherry=={__version__})"
    names = " -o ".join(f"-name '{pattern}'" for pattern in _TEST_FILES)
    return [
        f"{_FROM} AS build",
        "USER 0:0",
        "ARG ADDITIONAL_PACKAGE",
        "ARG PIP_INDEX_URL",
        "ARG PIP_EXTRA_INDEX_URL",
        'RUN if [ -n "${ADDITIONAL_PACKAGE}" ]; then \\',
        f"      {_NO_APT} \\",
        f"      && apt-get -q update && {_APT.format(packages='${ADDITIONAL_PACKAGE}')}; \\",
        "    fi",
        "WORKDIR /build",
        "COPY wheels/ wheels/",
        "COPY function/requirements.txt requirements.txt",
        *_run(mounts),
        f"    {pip} --target {SITE} --find-links wheels {runtime} -r requirements.txt \\",
        # Some distributions carry files for other versions of Python, which do not compile.
        f" && ({_COMPILE} {SITE} >/dev/null || true) \\",
        f" && chmod -R a+rX,a-w {SITE}",
        "COPY SHA256SUMS overlay.py ./",
        f"COPY function/ {FUNCTION}/",
        f"RUN python3 overlay.py {FUNCTION} SHA256SUMS",
        "ARG TEST_ENABLED=false",
        'ARG TEST_COMMAND="python3 -m pytest -q -p no:cacheprovider"',
        # What fetches has the secrets of the build; the function's own code never has.
        *_run(mounts),
        f"    {_IF_TESTED} \\",
        f"      cp -R {FUNCTION} tested && touch tested/requirements-test.txt \\",
        f"      && {pip} --target {_TESTED} pytest -r tested/requirements-test.txt; \\",
        "    fi",
        f"RUN {_IF_TESTED} \\",
        f"      cd tested && PYTHONPATH={SITE}:{_TESTED} PYTEST_PLUGINS=wherry.testing.plugin \\",
        '         sh -c "${TEST_COMMAND}"; \\',
        "    fi",
        f"RUN find {FUNCTION} -type f \\( {names} \\) -delete \\",
        f" && {_COMPILE} {FUNCTION} \\",
        f" && chmod -R a+rX,a-w {FUNCTION}",
    ]


def _run(mounts: Sequence[str]) -> list[str]:
    """The beginning of a step that pip runs in; the rest follows."""
    return ["RUN \\", *(f"    {line} \\" for line in mounts)]


def _final_stage() -> list[str]:
    return [
        _FROM,
        "USER 0:0",
        "ARG ADDITIONAL_PACKAGE",
        "RUN kept=; for package in ${ADDITIONAL_PACKAGE}; do \\",
        f'      case "${{package}}" in {_BUILD_ONLY}) continue ;; esac; \\',
        '      kept="${kept} ${package}"; \\',
        "    done; \\",
        '    if [ -n "${kept}" ]; then \\',
        f"      apt-get -q update && {_APT.format(packages='${kept}')}; \\",
        "    fi",
        _environment({**ENVIRONMENT, "WHERRY_HANDLER": FUNCTION}),
        f'LABEL "io.wherry.runtime.version"="{__version__}"',
        f"WORKDIR {FUNCTION}",
        f"USER {USER}",
        f"EXPOSE {PORT}",
        "STOPSIGNAL SIGTERM",
        "HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \\",
        f"    CMD {json.dumps(['python3', '-I', '-S', '-c', PROBE])}",
        f"ENTRYPOINT {json.dumps(ENTRYPOINT)}",
        "CMD []",
        f"COPY --from=build {SITE} {SITE}",
        f"COPY --from=build {FUNCTION} {FUNCTION}",
    ]


def _environment(variables: dict[str, str]) -> str:
    return "ENV " + " \\\n    ".join(f"{name}={value}" for name, value in variables.items())
