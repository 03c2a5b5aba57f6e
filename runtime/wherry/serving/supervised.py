"""The worker's side of supervision: it serves, shows that it lives, and says what it needs.

Runs in the child that `wherry.serving.supervisor` has forked, and imports what the parent does not.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from wherry.errors import WherryError
from wherry.serving.ending import keep_no_byte_code, leave, on_signal, report_crashes
from wherry.serving.server import Server
from wherry.serving.supervisor import READY, RETIRE, WORN

if TYPE_CHECKING:
    import mmap
    import socket

    from wherry.config import Config
    from wherry.metrics.shared import SharedTotals
    from wherry.serving.lock_file import LockFile


def serve(
    config: Config,
    sock: socket.socket,
    *,
    metrics_socket: socket.socket | None,
    totals: SharedTotals,
    slot: int,
    lock: LockFile | None,
    beats: mmap.mmap,
    say: Callable[[bytes], object],
) -> NoReturn:
    """Serve to the end, and end the process.

    Args:
        config: The settings.
        sock: Listening socket of the function.
        metrics_socket: Listening socket of the metrics port, or None.
        totals: Where workers share their counts.
        slot: This worker's place in what is shared.
        lock: The file that says that the function is ready, or None.
        beats: A byte for each worker, which changes while it lives.
        say: Tells the parent a word.
    """
    parent = os.getppid()

    def beat() -> None:
        beats[slot] = (beats[slot] + 1) & 0xFF
        if os.getppid() != parent:
            server.terminate()

    def tell(word: bytes) -> None:
        with suppress(OSError):  # the parent is gone, and `beat` sees it
            say(word)

    server = Server(
        config,
        [sock],
        metrics_socket=metrics_socket,
        totals=totals,
        slot=slot,
        lock=lock,
        heartbeat=beat,
        on_ready=partial(tell, READY),
        on_worn=partial(tell, WORN),
    )
    report_crashes()
    keep_no_byte_code()
    try:
        mounts = server.load()
        on_signal(signal.SIGTERM, server.terminate)
        on_signal(RETIRE, server.retire)
        code = server.run(mounts)
    except WherryError as error:
        from wherry.serving.report import report

        report(error)
        code = error.exit_code
    leave(code)
