"""One build from the moment that its request is authenticated: a thread, and what it says.

The thread owns the build's folder and removes it in any case. Whoever reads the results may go: the
build then ends at its next word. It knows neither HTTP nor engines: a `Workshop` builds.
"""

from __future__ import annotations

import logging
import queue
import shutil
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Protocol

from wherry.secrets import REDACTOR, Redactor
from wherry_build.errors import BuildError, RemoteBuildRefused
from wherry_build.remote.archive import Limits, unpack
from wherry_build.remote.configuration import Configuration, read_configuration
from wherry_build.remote.result import BuildResult, Status
from wherry_build.remote.sealing import SealingKey
from wherry_build.remote.secret_files import secret_files
from wherry_build.remote.turns import Turns
from wherry_build.secret_text import secret_parts

_log = logging.getLogger("wherry.builder")
_HEARTBEAT_S = 2.0  # also how soon it is noticed that a client has gone
_LOOK_S = 0.5
_MOST_WAITING = 256
_MOST_COLLECTED = 10_000


class Listener(Protocol):
    """Hears what a build says. Both methods raise when nobody listens any more."""

    def say(self, line: str) -> None:
        """Take a line."""
        ...

    def check(self) -> None:
        """Raise if nobody listens."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a workshop is to build.

    Attributes:
        configuration: What is asked for.
        context: The build context.
        secrets: Build secrets, each in a file.
        document: The configuration, as it came.
    """

    configuration: Configuration
    context: Path
    secrets: dict[str, Path] = field(default_factory=dict)
    document: bytes = field(repr=False)


class Workshop(Protocol):
    """Builds and publishes what is ordered."""

    def build(self, order: Order, listener: Listener) -> str:
        """Build `order`; the reference that the image can be pulled by, or its name.

        `listener` is asked every second or so, and what it raises ends the build.

        Raises:
            BuildError: It cannot be built; the message is for the one who ordered it.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What all builds have in common.

    Attributes:
        workshop: What builds.
        turns: How many build at once.
        key: What build secrets are sealed for; None where none are taken.
        limits: What a context may take.
        timeout_s: Time that a build may take, its wait for a turn included.
    """

    workshop: Workshop
    turns: Turns
    key: SealingKey | None = None
    limits: Limits = field(default_factory=Limits)
    timeout_s: float = 900.0


class _LeftError(Exception):
    """Nobody waits for the build any more."""


class Build:
    """A build that goes on in a thread of its own; an iterator of its results.

    Args:
        folder: The build's folder, with the tar in it; deleted in the end.
        archive: The tar.
        terms: What all builds have in common.
        on_end: Called when the thread ends, with the folder gone.
    """

    def __init__(
        self, folder: Path, archive: Path, terms: Terms, on_end: Callable[[], None]
    ) -> None:
        self._on_end = on_end
        self._folder = folder
        self._archive = archive
        self._terms = terms
        self._said: queue.Queue[BuildResult] = queue.Queue(_MOST_WAITING)
        self._is_left = threading.Event()
        self._is_done = False
        self._redactor = Redactor()
        self._until = monotonic() + terms.timeout_s
        self._thread = threading.Thread(target=self._run, name="build", daemon=True)
        self._thread.start()

    def __iter__(self) -> Build:
        return self

    def __next__(self) -> BuildResult:
        """The next result; an empty one now and then, for those who would think it had died."""
        if self._is_done:
            raise StopIteration
        rest_s = self._until - monotonic()
        if rest_s <= 0:  # before the queue, which one that talks without end never leaves empty
            result = _failed(f"the build took longer than {self._terms.timeout_s:.0f} s")
        else:
            try:
                result = self._said.get(timeout=min(_HEARTBEAT_S, rest_s))
            except queue.Empty:
                return BuildResult(status=Status.IN_PROGRESS)
        if result.status is not Status.IN_PROGRESS:
            self.close()
        return result

    def close(self) -> None:
        """Listen no more."""
        self._is_done = True
        self._is_left.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread; whether it has ended."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        began = monotonic()
        result = None
        try:
            result = self._result()
        except _LeftError:
            _log.info("a build was left after %.1f s: nobody waits for it", monotonic() - began)
        except BuildError as error:
            hint = f" (hint: {error.hint})" if error.hint else ""
            result = _failed(self._public(f"{error.message}{hint}"))
        except OSError as error:
            _log.exception("a build failed")
            result = _failed(f"the builder's machine: {error.strerror or 'an error'}")
        except Exception:  # noqa: BLE001 - the thread's end: somebody waits for a word
            _log.exception("a build failed")
            result = _failed("the builder has a fault, which its log describes")
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._on_end()
        if result is not None:
            _log.info("build %s after %.1f s", result.status.value, monotonic() - began)
            with suppress(_LeftError):
                self._put(result)

    def _result(self) -> BuildResult:
        with self._archive.open("rb") as archive:
            came = unpack(archive, self._folder, self._terms.limits)
        self._archive.unlink()
        configuration = read_configuration(came.configuration)
        secrets = self._opened(came.sealed)
        with (
            secret_files(secrets) as files,
            self._terms.turns.turn(on_wait=self._say_waiting, check=self.check),
        ):
            _log.info("build of %s begins", configuration.image)
            reference = self._terms.workshop.build(
                Order(
                    configuration=configuration,
                    context=came.context,
                    secrets=dict(files),
                    document=came.configuration,
                ),
                self,
            )
        verb = "pushed" if configuration.is_published else "built, and not pushed:"
        return BuildResult(
            status=Status.SUCCESS, log=(f"{verb} {reference}",), image=configuration.image
        )

    def _opened(self, sealed: bytes | None) -> dict[str, bytes]:
        if sealed is None:
            return {}
        if self._terms.key is None:
            raise RemoteBuildRefused(
                "this builder takes no build secrets",
                hint="pip install 'wherry[seal]' where it runs, and start it again",
            )
        secrets = self._terms.key.unseal(sealed)
        for value in secrets.values():
            for part in secret_parts(value.decode("utf-8", "replace").strip()):
                self._redactor.remember(part)  # in what the client reads
                REDACTOR.remember(part)  # and in our log
        return secrets

    def say(self, line: str) -> None:
        """Tell whoever reads the results."""
        self._put(BuildResult(status=Status.IN_PROGRESS, log=(self._public(line),)))

    def check(self) -> None:
        """Raise if nobody reads the results any more."""
        if self._is_left.is_set():
            raise _LeftError

    def _say_waiting(self) -> None:
        self.say("waiting for other builds to end")

    def _put(self, result: BuildResult) -> None:
        while True:
            self.check()
            try:
                self._said.put(result, timeout=_LOOK_S)
            except queue.Full:
                continue
            return

    def _public(self, text: str) -> str:
        """`text` as its sender may have it: without secrets, and without our folders."""
        return self._redactor.redact(text.replace(f"{self._folder}/", ""))


def collected(results: Iterable[BuildResult]) -> BuildResult:
    """All of `results` as one, for a client that waits; of a long log the last lines."""
    log: deque[str] = deque(maxlen=_MOST_COLLECTED)
    last = _failed("the build said nothing")
    for result in results:
        log.extend(result.log)
        last = result
    return BuildResult(status=last.status, log=tuple(log), image=last.image, error=last.error)


def _failed(reason: str) -> BuildResult:
    return BuildResult(status=Status.FAILED, error=reason)
