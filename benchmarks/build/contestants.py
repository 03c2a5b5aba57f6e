"""Who is measured: each makes an image of the same function, by the command that a person types.

`wherry` builds without a container engine and publishes; `docker` builds a Dockerfile that installs
the same requirements, and pushes; `pip` is what a builder does that makes a new environment for
each build (venv, pip's upgrade, pip install --target), without the image that would follow.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.request import Request, urlopen

FUNCTION = "hello"
HANDLER = """\
def handle(request):
    return "hello, number {number}"
"""
DOCKERFILE = """\
ARG BASE
FROM ${BASE} AS build
COPY wheels/ wheels/
COPY requirements.txt requirements.txt
RUN python3 -m pip install --no-cache-dir --target /opt/site wheels/*.whl -r requirements.txt
FROM ${BASE}
ENV PYTHONPATH=/opt/site
COPY --from=build /opt/site /opt/site
COPY function/ /srv/function
USER 65532:65532
ENTRYPOINT ["python3", "-m", "wherry"]
"""
_LIMIT_S = 600
_MANIFESTS = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in ("oci.image.manifest.v1", "docker.distribution.manifest.v2")
)


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where a benchmark works.

    Attributes:
        folder: For everything that is written.
        registry: Host and port of a registry on loopback.
        base: The base image in it.
    """

    folder: Path
    registry: str
    base: str

    @property
    def function(self) -> Path:
        """The function's folder."""
        return self.folder / FUNCTION

    def write(self, number: int, requirements: str) -> None:
        """Write the function; another number is an edited line."""
        self.function.mkdir(parents=True, exist_ok=True)
        (self.function / "handler.py").write_text(HANDLER.format(number=number))
        (self.function / "requirements.txt").write_text(requirements)


class Contestant(Protocol):
    """One way from a function to an image."""

    name: str

    def build(self) -> None:
        """Build and publish, with whatever is cached."""
        ...

    def forget(self) -> None:
        """Forget what was built, and keep what was downloaded."""
        ...

    def check(self) -> None:
        """See that what was built is there and is the function.

        Raises:
            AssertionError: It is not.
        """
        ...


def ran(arguments: list[str], **environment: str) -> str:
    """Run a command to its end, with byte code kept as of what pip has installed; what it printed.

    Raises:
        RuntimeError: It failed; with what it said.
    """
    kept = {key: text for key, text in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        arguments,
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
        env={**kept, **environment},
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stderr[-2000:]}")
    return done.stdout


@dataclass
class Wherry:
    """`wherry build --push`."""

    site: Site
    name: str = "wherry"
    digest: str = ""

    def build(self) -> None:
        printed = ran(
            [
                str(Path(sys.executable).with_name("wherry")),
                *("build", str(self.site.function), "--push", "--json"),
                *("--image", self.image, "--base", self.site.base),
            ],
            WHERRY_CACHE=str(self.cache),
        )
        self.digest = json.loads(printed)["digest"]

    def forget(self) -> None:
        for name in ("layers", "builds", "pushed"):
            shutil.rmtree(self.cache / name, ignore_errors=True)

    def check(self) -> None:
        assert manifest(self.site, "wherry/hello", self.digest)["layers"]

    @property
    def cache(self) -> Path:
        """What it keeps between builds."""
        return self.site.folder / "cache"

    @property
    def image(self) -> str:
        """The name of its image."""
        return f"{self.site.registry}/wherry/hello:1"


@dataclass
class Docker:
    """`docker build` and `docker push`, with the engine's cache."""

    site: Site
    wheel: Path
    name: str = "docker"
    options: tuple[str, ...] = field(default=("--network", "host"))

    def build(self) -> None:
        context = self.site.folder / "context"
        shutil.rmtree(context, ignore_errors=True)
        (context / "wheels").mkdir(parents=True)
        shutil.copy2(self.wheel, context / "wheels")
        shutil.copy2(self.site.function / "requirements.txt", context)
        shutil.copytree(self.site.function, context / "function")
        (context / "Dockerfile").write_text(DOCKERFILE)
        ran(
            [
                *("docker", "build", "--quiet", *self.options),
                *("--build-arg", f"BASE={self.site.base}", "--tag", self.image, str(context)),
            ]
        )
        self.options = tuple(each for each in self.options if each != "--no-cache")
        ran(["docker", "push", "--quiet", self.image])

    def forget(self) -> None:
        self.options = (*self.options, "--no-cache")

    def check(self) -> None:
        assert manifest(self.site, "docker/hello", "1")["layers"]

    @property
    def image(self) -> str:
        """The name of its image."""
        return f"{self.site.registry}/docker/hello:1"


@dataclass
class Pip:
    """A new environment and pip's work in it, as builders do that keep nothing but pip's cache."""

    site: Site
    wheel: Path
    name: str = "pip"

    def build(self) -> None:
        made = self.site.folder / "pip"
        shutil.rmtree(made, ignore_errors=True)
        ran([sys.executable, "-m", "venv", str(made / "venv")])
        python = str(made / "venv/bin/python")
        ran([python, "-m", "pip", "install", "--quiet", "--upgrade", "pip"])
        requirements = str(self.site.function / "requirements.txt")
        ran(
            [
                *(python, "-m", "pip", "install", "--quiet", "--target", str(made / "lib")),
                *(str(self.wheel), "-r", requirements),
            ]
        )
        shutil.copytree(self.site.function, made / "lib/function")

    def forget(self) -> None:
        """It keeps nothing."""

    def check(self) -> None:
        assert (self.site.folder / "pip/lib/wherry/__init__.py").is_file()


def manifest(site: Site, repository: str, version: str) -> dict[str, list[dict[str, int]]]:
    """What the registry says that an image is."""
    url = f"http://{site.registry}/v2/{repository}/manifests/{version}"
    with urlopen(Request(url, headers={"Accept": _MANIFESTS}), timeout=30) as answer:
        found: dict[str, list[dict[str, int]]] = json.loads(answer.read())
    return found
