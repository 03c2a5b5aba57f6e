"""Builds the images of a project as planned, brings them where they are wanted, and locks them.

Images that need no container engine are built at the same time; the others one after the other,
for an engine shares its machine among its steps by itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from typing import Protocol

from wherry_build.errors import BuildError
from wherry_build.image.build_record import BuildRecord
from wherry_build.image.delivery import Delivery, Destinations, deliver
from wherry_build.image.engine import Builder, BuiltImage, Progress, Publisher
from wherry_build.image.plan import BuildPlan
from wherry_build.image.record import BuildRecords
from wherry_build.project.build_engine import Engine
from wherry_build.project.image_lock import LOCK_FILE, lock_digests
from wherry_build.project.image_name import refuse_local
from wherry_build.project.model import Project
from wherry_build.values import frozen


class BuildEngines(Protocol):
    """What builds, what publishes, and what keeps builds in mind."""

    @property
    def records(self) -> BuildRecords:
        """Where builds are kept in mind."""
        ...

    def builder(self, plan: BuildPlan) -> Builder:
        """What builds as `plan` says."""
        ...

    def publisher(self, image: BuiltImage) -> Publisher:
        """What publishes `image`."""
        ...


@frozen
class FinishedBuild:
    """One build that is done.

    Attributes:
        plan: What was to be built.
        image: What was built.
        delivery: Where it went.
        before: The build before it; None when it is the first.
        took_s: How long all of it took.
    """

    plan: BuildPlan
    image: BuiltImage
    delivery: Delivery
    before: BuildRecord | None
    took_s: float


class Building:
    """What the builds of one command share.

    Args:
        destinations: Where images are wanted.
        engines: What builds and publishes.
    """

    def __init__(self, destinations: Destinations, engines: BuildEngines) -> None:
        self._destinations = destinations
        self._engines = engines
        self._one_at_a_time = threading.Lock()

    def run(
        self,
        plans: Sequence[BuildPlan],
        progress: Callable[[BuildPlan], Progress],
        *,
        parallel: int,
    ) -> Iterator[FinishedBuild]:
        """Build all of `plans`; each as it is done, in their order.

        After an error no build begins that has not begun yet; those that have are brought to their
        end and given, so that what was published is known.

        Raises:
            ProjectError: One is to be published whose name no registry has.
            BuildError: The first that failed, in their order; when all others are done.
        """
        for plan in plans if self._destinations.push else ():
            refuse_local(plan.request.reference)
        if len(plans) == 1:  # which needs no thread
            yield self._one(plans[0], progress(plans[0]))
            return
        from concurrent.futures import ThreadPoolExecutor

        failed = threading.Event()

        def one(plan: BuildPlan) -> FinishedBuild | None:
            if failed.is_set():
                return None
            try:
                return self._one(plan, progress(plan))
            except BaseException:
                failed.set()
                raise

        pool = ThreadPoolExecutor(max_workers=parallel, thread_name_prefix="build")
        error: BuildError | None = None
        try:
            for running in [pool.submit(one, plan) for plan in plans]:
                try:
                    finished = running.result()
                except BuildError as each:
                    error = error or each
                    continue
                if finished is not None:
                    yield finished
        finally:
            failed.set()
            pool.shutdown()
        if error is not None:
            raise error

    def _one(self, plan: BuildPlan, progress: Progress) -> FinishedBuild:
        with self._one_at_a_time if plan.engine is Engine.DOCKER else nullcontext():
            began = time.monotonic()
            before = self._engines.records.read(plan.request.function)
            image = self._engines.builder(plan).build(plan.request, progress)
            delivery = deliver(image, self._destinations, progress, self._engines.publisher)
        return FinishedBuild(
            plan=plan,
            image=image,
            delivery=delivery,
            before=before,
            took_s=time.monotonic() - began,
        )


def lock(project: Project, finished: FinishedBuild) -> bool:
    """Write what was built of `project` to its lock; whether that changed it.

    Images that were published are locked, and in a project with a wherry.yaml, or with a lock, the
    bases that they stand on.

    Raises:
        ProjectError: Its lock is none.
    """
    images, bases = {}, {}
    request = finished.plan.request
    if finished.delivery.pushed:
        images[request.reference] = finished.delivery.pushed.rpartition("@")[2]
    base = finished.image.base.rpartition("@")[2]
    is_project = project.specification is not None or (project.root / LOCK_FILE).is_file()
    if is_project and base and "@" not in finished.plan.base:
        bases[finished.plan.base] = base
    return lock_digests(project.root, images=images, bases=bases)
