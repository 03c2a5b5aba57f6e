"""What a forked child does to be as a fresh `python -m wherry` would be, and no part of the zygote.

One thing it cannot be: the seed of `hash()` is the zygote's, and so the same for every replica.
"""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from wherry.errors import HandlerError
from wherry_local.zygote import uncached
from wherry_local.zygote.frame import Order
from wherry_local.zygote.kinship import end_with_parent

_LISTENER, _READY, _LIFELINE = 3, 4, 5
_ABOVE = 64
_MOST_DESCRIPTORS = 1 << 20


def settle(order: Order, descriptors: Sequence[int]) -> None:
    """Become the process that `order` describes; one with a program does not return."""
    os.setsid()
    _place(descriptors)
    os.environ.clear()
    os.environ.update(order.environment)
    os.environ["WHERRY_LISTEN_FD"] = str(_LISTENER)
    os.environ["WHERRY_READY_FD"] = str(_READY)
    try:
        os.chdir(order.folder)
    except OSError as error:
        _give_up(f"{order.folder}: {error.strerror}")
    if order.program:
        _execute(order.program)
    _take_name(order.environment.get("WHERRY_FUNCTION", "wherry"))
    time.tzset()
    _read_python_variables()
    uncached.install()
    _end_with_platform()


def _place(descriptors: Sequence[int]) -> None:
    """Put each descriptor in its place, and close every other."""
    null = os.open(os.devnull, os.O_RDONLY)
    sources = [fcntl.fcntl(each, fcntl.F_DUPFD, _ABOVE) for each in (null, *descriptors)]
    for place, source in enumerate(sources):
        os.dup2(source, place, inheritable=True)
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    limited = soft if soft != resource.RLIM_INFINITY else _MOST_DESCRIPTORS
    os.closerange(len(sources), limited)


def _take_name(name: str) -> None:
    """Be called `name` where a person looks at processes: `top`, `ps -o comm`."""
    with suppress(OSError):
        Path("/proc/self/comm").write_text(name, encoding="utf-8")


def _execute(program: Sequence[str]) -> None:
    end_with_parent()  # nobody in that program watches the lifeline
    try:
        os.execv(program[0], list(program))  # noqa: S606 - no shell is wanted
    except OSError as error:
        _give_up(f"{program[0]} cannot be run: {error.strerror}")


def _give_up(why: str) -> NoReturn:
    os.write(2, f"error: {why}\n".encode())
    os._exit(HandlerError.exit_code)


def _read_python_variables() -> None:
    """Do what the interpreter would do with its own variables at its start."""
    paths = os.environ.get("PYTHONPATH", "")
    sys.path[0:0] = [os.path.abspath(each) for each in paths.split(os.pathsep) if each]  # noqa: PTH100
    sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):
            stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]


def _end_with_platform() -> None:
    """Have this process, and what it has started, killed when the platform is gone."""
    os.set_inheritable(_LIFELINE, False)
    os.set_inheritable(_READY, False)
    os.register_at_fork(after_in_child=_let_go)
    threading.Thread(target=_watch, name="wherry-lifeline", daemon=True).start()


def _watch() -> None:
    try:
        while os.read(_LIFELINE, 1):
            continue
    except OSError:  # the function has closed what is not its own; the zygote still looks
        return
    os.killpg(0, signal.SIGKILL)


def _let_go() -> None:
    """In a child of the replica: the lifeline is its parent's."""
    with suppress(OSError):
        os.close(_LIFELINE)
