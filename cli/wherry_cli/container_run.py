"""`wherry run --image`: images in the local engine, as production would run them."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wherry_cli.notes import note

if TYPE_CHECKING:
    from wherry_build.image.docker.attendance import Wish
    from wherry_build.image.docker.container import Container
    from wherry_build.image.docker.containers import Ending
    from wherry_build.image.docker.request import ContainerEngine
    from wherry_build.project import Function, Project

_KILLED = 137


def run_images(
    paths: Sequence[str], *, image: str, host: str, port: int, environment: str, name: str | None
) -> int:
    """Run the images of the functions at `paths` until one ends or a signal comes; the exit code.

    Args:
        paths: Folders of functions.
        image: An image that is run as it is; empty to build those of the functions first.
        host: Address to listen on.
        port: First port.
        environment: Environment of wherry.yaml.
        name: Name of the function, of one only.
    """
    from wherry_build.image.docker.attendance import Wish, attend
    from wherry_build.image.docker.engine_containers import containers_of
    from wherry_build.image.docker.selection import container_engine

    projects = list(_projects(paths, image=image, environment=environment, name=name))
    functions = [(project, each) for project in projects for each in project.functions]
    if image and len(functions) > 1:
        raise click.UsageError("--image NAME is one image, and there is more than one function")
    engine = container_engine()
    images = [image] if image else [ref for each in projects for ref in _built(each, engine)]
    with tempfile.TemporaryDirectory(prefix="wherry-run-") as folder, _stopping(Wish()) as wish:
        wanted = [
            _container(project, function, reference, host, free, Path(folder))
            for (project, function), reference, free in zip(
                functions, images, _free_ports(len(images), host, port), strict=True
            )
        ]
        if wish.times:
            return 0
        return attend(wanted, containers_of(engine), _Console(wanted), wish)


def _projects(
    paths: Sequence[str], *, image: str, environment: str, name: str | None
) -> Iterator[Project]:
    """What there is at `paths`; an image alone needs nothing to be there."""
    from wherry_build.errors import FunctionsNotFound
    from wherry_build.project import Function, Project, read_project

    if paths or not image:
        for path in paths or (".",):
            yield read_project(Path(path), name=name, environment=environment)
        return
    try:
        found = read_project(Path(), environment=environment)
    except FunctionsNotFound:
        found = None
    if found is not None and len(found.functions) == 1:
        yield found
        return
    from wherry_build.names import nearest_function_name

    last = image.partition("@")[0].rpartition("/")[2].partition(":")[0]
    alone = Function(name=name or nearest_function_name(last), folder=Path())
    yield Project(root=Path(), functions=(alone,))


def _built(project: Project, engine: ContainerEngine) -> Iterator[str]:
    """Build the images of `project` into `engine`; their names."""
    from wherry_build.image.docker.local_images import build_into
    from wherry_cli.image_progress import ImageProgress

    progress = ImageProgress()
    try:
        for finished in build_into(engine, project, progress):
            progress.close()
            note(f"{finished.image.reference}: built in {finished.took_s:.1f} s")
            yield finished.image.reference
    finally:
        progress.close()


def _container(
    project: Project, function: Function, reference: str, host: str, port: int, folder: Path
) -> Container:
    from wherry_build.image.docker.container import function_container
    from wherry_build.image.docker.secret_files import read_secrets, write_secrets

    said = function.said.secrets if function.said is not None else ()
    secrets = None
    if said:
        search = os.environ.get("WHERRY_SECRETS_PATH", "")
        found = read_secrets(said, root=project.root, search=search)
        secrets = folder / function.name
        secrets.mkdir()
        write_secrets(found, secrets)
    return function_container(function, image=reference, host=host, port=port, secrets=secrets)


def _free_ports(count: int, host: str, port: int) -> list[int]:
    """Ports that nobody listens on now, from `port` up."""
    from wherry_local.ports import listeners

    made = listeners(count, host=host, port=port)
    try:
        return [int(each.getsockname()[1]) for each in made]
    finally:
        for each in made:
            each.close()


@contextmanager
def _stopping(wish: Wish) -> Iterator[Wish]:
    """A wish that signals express, while this lasts."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        signal.signal(number, lambda *_: wish.stop())
    try:
        yield wish
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Console:
    """Tells a person what containers do: where they are on stdout, what they print on stderr."""

    def __init__(self, containers: Sequence[Container]) -> None:
        self._width = max(len(each.name) for each in containers)
        self._is_alone = len(containers) == 1

    def printed(self, container: Container, line: str) -> None:
        """A container printed a line."""
        lead = "" if self._is_alone else f"{container.name:<{self._width}} | "
        click.echo(lead + line, err=True)

    def ready(self, container: Container) -> None:
        """A container takes calls."""
        click.echo(f"{container.name:<{self._width}}  {container.url}")

    def unready(self, container: Container, waited_s: int) -> None:
        """A container still takes no calls."""
        note(f"{container.name}: not ready after {waited_s} s; what it prints is above")

    def ended(self, container: Container, ending: Ending) -> None:
        """A container ended by itself."""
        said = f"{container.name}: ended with exit code {ending.code}"
        if ending.is_out_of_memory or ending.code == _KILLED:
            limit = container.memory_bytes // (1 << 20)
            said += f", killed; it may have {limit} MiB: resources.limits.memory of wherry.yaml"
        note(said)
