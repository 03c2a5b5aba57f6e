"""The Dockerfile of every template: what faas-cli builds, with the classic builder or BuildKit.

Its image runs as that of `wherry build` does, and it takes what faas-cli's own templates take:
Python's version, packages of the distribution, tests that the build stands or falls with. The tests
run in the stage that the image is copied from: BuildKit leaves out a stage that nothing is copied
from. The runtime is the wheel in the template and never one from an index, where anybody may have
taken its name.
"""

from __future__ import annotations

from collections.abc import Sequence

from wherry._version import __version__
from wherry_build.image.conventions import ENVIRONMENT, FUNCTION, SITE
from wherry_build.image.dockerfile import (
    COMPILE,
    PIP,
    PIP_CACHE,
    PIP_SECRETS,
    SECRETS,
    apt,
    environment,
    run_settings,
)

_TESTED = "/opt/test"
_FROM = "FROM --platform=${TARGETPLATFORM:-linux/amd64} ${BASE}"
_NO_APT = (
    "command -v apt-get >/dev/null || "
    "{ echo 'error: ADDITIONAL_PACKAGE needs a base with apt-get' >&2; exit 1; }"
)
# What only compiling needs stays out of the image: it is most of a function's size otherwise.
_BUILD_ONLY = "*-dev|gcc|g++|make|cmake|pkg-config|build-essential|cargo|rustc|git"
_NO_RUNTIME = (
    "ls wheels/wherry-*.whl >/dev/null 2>&1 || { echo "
    "'error: the template has no runtime in wheels/; put it there: wherry template export' "
    ">&2; exit 1; }"
)
_IF_TESTED = 'if [ "${TEST_ENABLED}" = true ] || [ "${TEST_ENABLED}" = 1 ]; then'
_TEST_FILES = ("test_*.py", "*_test.py", "conftest.py", "requirements-test.txt")
_MOUNTS = [
    PIP_CACHE,
    *(f"--mount=type=secret,id={secret}" for secret in PIP_SECRETS),
    *(
        f"if [ -s {SECRETS}/{secret} ]; then export {variable}={SECRETS}/{secret}; fi;"
        for secret, variable in PIP_SECRETS.items()
    ),
]


def template_dockerfile(*, has_mounts: bool = False) -> str:
    """The text; it installs the runtime from the wheel beside it.

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
    mounts, pip = (_MOUNTS, PIP) if has_mounts else ([], f"{PIP} --no-cache-dir")
    names = " -o ".join(f"-name '{pattern}'" for pattern in _TEST_FILES)
    return [
        f"{_FROM} AS build",
        "USER 0:0",
        "ARG ADDITIONAL_PACKAGE",
        "ARG PIP_INDEX_URL",
        "ARG PIP_EXTRA_INDEX_URL",
        'RUN if [ -n "${ADDITIONAL_PACKAGE}" ]; then \\',
        f"      {_NO_APT} \\",
        f"      && {apt('${ADDITIONAL_PACKAGE}')}; \\",
        "    fi",
        "WORKDIR /build",
        "COPY wheels/ wheels/",
        f"RUN {_NO_RUNTIME}",
        "COPY function/requirements.txt requirements.txt",
        *_run(mounts),
        f"    {pip} --target {SITE} --find-links wheels wheels/wherry-*.whl \\",
        "      -r requirements.txt \\",
        # Some distributions carry files for other versions of Python, which do not compile.
        f" && ({COMPILE} {SITE} >/dev/null || true) \\",
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
        f" && {COMPILE} {FUNCTION} \\",
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
        f"      {apt('${kept}')}; \\",
        "    fi",
        environment({**ENVIRONMENT, "WHERRY_HANDLER": FUNCTION}),
        f'LABEL "io.wherry.runtime.version"="{__version__}"',
        *run_settings(),
        f"COPY --from=build {SITE} {SITE}",
        f"COPY --from=build {FUNCTION} {FUNCTION}",
    ]
