"""Runs containers until they are told to stop or one of them ends; the order, and no engine.

What is waited for comes through one queue: a container that is ready, one that ended, the wish to
stop. A wish to stop lets calls in flight end (SIGTERM, and time); a second one does not wait.
"""

from __future__ import annotations

import http.client
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from wherry_build.errors import ContainerFailed
from wherry_build.image.docker.container import Container
from wherry_build.image.docker.containers import Containers, Ending

_READY = "/_/ready"
_ASK_AGAIN_S = 0.1
_ANSWER_S = 5
_READY_WITHIN_S = 60
_TURN_S = 0.2


class Observer(Protocol):
    """Is told what containers do."""

    def printed(self, container: Container, line: str) -> None:
        """A container printed a line."""
        ...

    def ready(self, container: Container) -> None:
        """A container takes calls."""
        ...

    def unready(self, container: Container, waited_s: int) -> None:
        """A container still takes no calls."""
        ...

    def ended(self, container: Container, ending: Ending) -> None:
        """A container ended."""
        ...


class Wish:
    """Whether all is to stop, and whether at once; set by signals, from any thread."""

    def __init__(self) -> None:
        self.times = 0

    def stop(self) -> None:
        """Wish it once more."""
        self.times += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    container: Container
    container_id: str
    follower: threading.Thread


def attend(
    wanted: Sequence[Container], containers: Containers, observer: Observer, wish: Wish
) -> int:
    """Run `wanted` until one ends or stopping is wished; the first exit code that is not 0.

    All of them are removed at the end, whatever it is.

    Raises:
        ContainerFailed: One did not start.
    """
    running: list[_Running] = []
    endings: queue.Queue[tuple[_Running, Ending]] = queue.Queue()
    codes: list[int] = []
    try:
        for container in wanted:
            if wish.times:
                break
            each = _start(container, containers, observer)
            running.append(each)
            _watch(each, containers, observer, endings)
        while not wish.times and not codes:
            with suppress(queue.Empty):
                each, ending = endings.get(timeout=_TURN_S)
                observer.ended(each.container, ending)
                running.remove(each)
                _remove(each, containers)
                codes.append(ending.code)
        codes += _stop(running, containers, endings, wish)
    finally:
        for each in running:
            containers.remove(each.container_id)
    return next((code for code in codes if code), 0)


def _start(container: Container, containers: Containers, observer: Observer) -> _Running:
    container_id = containers.start(container)

    def follow() -> None:
        containers.follow(container_id, lambda line: observer.printed(container, line))

    follower = _thread(follow)
    return _Running(container=container, container_id=container_id, follower=follower)


def _remove(each: _Running, containers: Containers) -> None:
    """Remove what has ended, once all that it printed has been told."""
    each.follower.join(_ANSWER_S)
    containers.remove(each.container_id)


def _watch(
    each: _Running,
    containers: Containers,
    observer: Observer,
    endings: queue.Queue[tuple[_Running, Ending]],
) -> None:
    """Ask whether a container is ready, and wait for its end, in threads."""
    has_ended = threading.Event()

    def ask() -> None:
        began = time.monotonic()
        while not has_ended.wait(_ASK_AGAIN_S):
            if is_ready(each.container):
                observer.ready(each.container)
                return
            if time.monotonic() - began > _READY_WITHIN_S:
                observer.unready(each.container, _READY_WITHIN_S)
                return

    def wait() -> None:
        ending = containers.wait(each.container_id)
        has_ended.set()
        endings.put((each, ending))

    _thread(ask)
    _thread(wait)


def _thread(target: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    return thread


def _stop(
    running: list[_Running],
    containers: Containers,
    endings: queue.Queue[tuple[_Running, Ending]],
    wish: Wish,
) -> list[int]:
    """End what still runs, all at the same time; the exit codes."""
    asked = wish.times
    for each in running:
        _thread(partial(_stop_one, containers, each))
    codes: list[int] = []
    while running and wish.times <= asked:
        with suppress(queue.Empty):
            each, ending = endings.get(timeout=_TURN_S)
            running.remove(each)
            _remove(each, containers)
            codes.append(ending.code)
    return codes


def _stop_one(containers: Containers, each: _Running) -> None:
    with suppress(ContainerFailed):  # it ended by itself meanwhile
        containers.stop(each.container_id, each.container.grace_s)


def is_ready(container: Container) -> bool:
    """Whether a container says that it takes calls."""
    connection = http.client.HTTPConnection(container.host, container.port, timeout=_ANSWER_S)
    try:
        connection.request("GET", _READY)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
