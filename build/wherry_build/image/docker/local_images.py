"""The images of a project in an engine of this machine, built as far as they have changed.

An image that no engine built is loaded by Docker's socket where the engine is Docker, and by a tar
and the engine's own command line where it is another.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from wherry_build.image.building import Building, FinishedBuild
from wherry_build.image.delivery import Destinations
from wherry_build.image.docker.engine_containers import is_docker
from wherry_build.image.docker.request import ContainerEngine
from wherry_build.image.engine import Progress
from wherry_build.image.engines import Engines
from wherry_build.image.oci.archive import write_archive
from wherry_build.image.plan import BuildOptions, BuildPlan, plan_builds
from wherry_build.image.platform import Platform
from wherry_build.project.build_engine import Engine
from wherry_build.project.image_lock import read_lock
from wherry_build.project.model import Project


def build_into(
    engine: ContainerEngine, project: Project, progress: Progress
) -> Iterator[FinishedBuild]:
    """Build each image of `project` for the platform of `engine`, and bring it there.

    Raises:
        BuildError: The first that fails.
    """
    own = Platform(architecture=engine.architecture)
    plans = plan_builds(project, BuildOptions(platforms=(own,)), read_lock(project.root))
    with closing(Engines()) as engines:
        for plan in plans:
            yield _build(plan, engine, engines, progress)


def _build(
    plan: BuildPlan, engine: ContainerEngine, engines: Engines, progress: Progress
) -> FinishedBuild:
    if plan.engine is Engine.DOCKER or is_docker(engine):
        return _one(plan, Destinations(load=True), engines, progress)
    finished = _one(plan, Destinations(load=False), engines, progress)
    if finished.image.images:  # else the engine took the build over, and has it
        with tempfile.TemporaryDirectory(prefix="wherry-load-") as folder:
            archive = Path(folder) / "image.tar"
            write_archive(finished.image, archive)
            engine.load(archive, progress)
    return finished


def _one(
    plan: BuildPlan, destinations: Destinations, engines: Engines, progress: Progress
) -> FinishedBuild:
    (finished,) = Building(destinations, engines).run([plan], lambda _: progress, parallel=1)
    return finished
