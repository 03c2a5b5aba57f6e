"""What faas-cli puts together for a build, and the function that is in it.

faas-cli copies a template into `build/NAME` and a function's folder over that. Where the template
is one of ours, the function needs no Dockerfile: its folder becomes an image as `wherry build`
makes it. It reads the context and builds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wherry._version import __version__
from wherry_build import names
from wherry_build.errors import (
    InvalidName,
    ProjectFileInvalid,
    RemoteBuildRefused,
    TemplateNotFound,
)
from wherry_build.image.dockerfile import PIP_SECRETS
from wherry_build.image.engine import ImageRequest, WheelSources
from wherry_build.project.folder import read_folder
from wherry_build.project.reading.tree import Scalar, Table
from wherry_build.project.reading.yaml_text import read_tree
from wherry_build.remote.configuration import Configuration
from wherry_build.remote.screening import screen, screen_indexes
from wherry_build.template import Template, template_named
from wherry_build.template.dockerfile import template_dockerfile
from wherry_build.template.frame import SUMS
from wherry_build.template.overlay import clear, read_sums

_TEMPLATE = "template.yml"
_FOLDER = "function"
_LIMIT_BYTES = 256 * 1024
_TRUE = frozenset({"1", "true"})
INDEXES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL")
"""Build arguments of our templates that say where wheels come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrinkwrap:
    """A context that one of our templates is in.

    Attributes:
        template: The template.
        context: The folder.
        handler: The function's folder in it.
    """

    template: Template
    context: Path
    handler: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What the builder's owner has decided.

    Attributes:
        base: Base image, where no build argument says another.
        builds_sources: Whether wheels are made of sources, which runs their authors' code.
    """

    base: str = ""
    builds_sources: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a build of ours is asked for.

    Attributes:
        request: The image; `secrets` and `arguments` stay out of it, which only a Dockerfile has.
        environment: Variables that say where wheels come from and how to get there.
        notes: What is not as its sender may think.
        needs_steps: Why a Dockerfile is needed all the same; empty where none is.
    """

    request: ImageRequest
    environment: Mapping[str, str]
    notes: tuple[str, ...] = ()
    needs_steps: str = ""


def check_reader() -> None:
    """See that contexts can be read, before somebody sends one.

    Raises:
        ExtraMissing: What reads YAML is not installed.
    """
    read_tree(b"{}", path=_TEMPLATE)


def recognise(context: Path) -> Shrinkwrap | None:
    """The function that `context` holds; None when its template is none of ours.

    Raises:
        RemoteBuildRefused: Its template is ours, and the function's folder is not where that says.
    """
    said = _said(context)
    try:
        template = template_named(said.get("language", ""))
    except TemplateNotFound:
        return None
    if said["language"] != template.language:
        return None
    folder = said.get("handler_folder") or _FOLDER
    handler = context / folder
    if not handler.is_dir() or not handler.resolve().is_relative_to(context.resolve()):
        raise RemoteBuildRefused(
            f"{_TEMPLATE}: handler_folder: got {ascii(folder)[:80]}, "
            "expected a folder of the context"
        )
    return Shrinkwrap(template=template, context=context, handler=handler)


def wanted(
    found: Shrinkwrap, configuration: Configuration, secrets: Mapping[str, Path], house: House
) -> Wanted:
    """What `configuration` asks for of the function in `found`.

    What the template's own function left in its folder is deleted there, as the template's
    Dockerfile does.

    Args:
        found: The context.
        configuration: What is asked for.
        secrets: Build secrets, each in a file.
        house: What the builder has to say.

    Raises:
        ProjectError: The folder holds no function.
        RemoteBuildRefused: A build argument says what cannot be, or requirements name what they
            may not.
    """
    arguments = dict(configuration.arguments)
    packages = arguments.pop("ADDITIONAL_PACKAGE", "").split()
    is_tested = arguments.pop("TEST_ENABLED", "").lower() in _TRUE
    arguments.pop("TEST_COMMAND", None)
    base = _base(arguments) or house.base
    environment = {name: arguments.pop(name) for name in INDEXES if arguments.get(name)}
    environment |= {
        PIP_SECRETS[secret]: str(file) for secret, file in secrets.items() if secret in PIP_SECRETS
    }
    needs = [f"the package {packages[0]!r}"] if packages else []
    needs += ["the tests that TEST_ENABLED asks for"] if is_tested else []
    unused = [f"the build argument {name} is not used" for name in sorted(arguments)]
    unused += [
        f"the build secret {name} is not used: {', '.join(sorted(PIP_SECRETS))} are"
        for name in sorted(secrets.keys() - PIP_SECRETS.keys())
    ]
    sums = found.context / SUMS
    if sums.is_file():
        clear(found.handler, read_sums(_text(sums), below=f"{_FOLDER}/"))
    screen(found.handler, builds_sources=house.builds_sources)
    screen_indexes(
        {name: environment[name] for name in INDEXES if name in environment},
        secrets.get("pip.conf"),
    )
    function = read_folder(found.handler, name=configuration.function).functions[0]
    wheels = found.context / "wheels"
    has_wheels = any(not _is_runtime(file) for file in wheels.glob("*.whl"))
    return Wanted(
        request=ImageRequest(
            function=function,
            reference=configuration.image,
            base=base,
            platforms=configuration.platforms,
            wheels=WheelSources(folder=wheels if has_wheels else None, builds=house.builds_sources),
        ),
        environment=environment,
        notes=(*_notes(found), *unused),
        needs_steps=needs[0] if needs else "",
    )


def _base(arguments: dict[str, str]) -> str:
    base, version = arguments.pop("BASE", ""), arguments.pop("PYTHON_VERSION", "")
    try:
        if base:
            return names.image_reference(base)
        return f"python:{names.image_tag(version)}-slim" if version else ""
    except InvalidName as error:
        raise RemoteBuildRefused(f"build arguments: {error.message}") from None


def _notes(found: Shrinkwrap) -> list[str]:
    """What differs between the template that came and ours."""
    notes = []
    for file in sorted((found.context / "wheels").glob("wherry-*.whl")):
        version = file.name.split("-")[1]
        if version != __version__:
            notes.append(
                f"the runtime is this builder's, {__version__}; the template has {version}"
            )
    dockerfile = found.context / "Dockerfile"
    ours = {template_dockerfile(), template_dockerfile(has_mounts=True)}
    if not dockerfile.is_file() or _text(dockerfile) not in ours:
        notes.append(
            "the template's Dockerfile is not this builder's, and no Dockerfile is used: "
            "changes of your own to it have no effect"
        )
    return notes


def _is_runtime(wheel: Path) -> bool:
    return wheel.name.startswith("wherry-")


def _said(context: Path) -> dict[str, str]:
    """The texts in template.yml; none where it is none."""
    file = context / _TEMPLATE
    if not file.is_file():
        return {}
    with file.open("rb") as opened:
        content = opened.read(_LIMIT_BYTES)
    try:
        tree, _faults = read_tree(content, path=_TEMPLATE)
    except ProjectFileInvalid:
        return {}
    if not isinstance(tree, Table):
        return {}
    return {
        key: entry.value.text
        for key, entry in tree.entries.items()
        if isinstance(entry.value, Scalar)
    }


def _text(file: Path) -> str:
    with file.open("rb") as opened:
        return opened.read(_LIMIT_BYTES).decode(errors="replace")
