"""What a worker's process does around the server: crash reports, and an end that nothing holds up.

It knows signals, threads and exit codes; it must not know sockets, handlers or requests.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import NoReturn

_log = logging.getLogger("wherry.serving")
EXIT_PATIENCE_S = 3.0
EXIT_WORN = 75
"""The process is no longer fit to serve; whoever looks after it should start another.

The number that sysexits.h has for a failure that passes; 3 and 4 would make gunicorn give up.
"""


def keep_no_byte_code() -> None:
    """Cache no compiled code in this process, whose successor may load what is edited by then.

    Python takes cached code for that of a file of the same size and the same second of change, and
    an edit may well keep both.
    """
    sys.dont_write_bytecode = True


def report_crashes() -> None:
    """Have the interpreter say where each thread stood when a signal like SIGSEGV ends it."""
    if not faulthandler.is_enabled() and sys.stderr is not None:
        try:
            faulthandler.enable()
        except (OSError, ValueError, AttributeError):  # standard error is no file
            return


def on_signal(number: int, what: Callable[[], object]) -> None:
    """Call `what` in the main thread when the signal comes."""
    signal.signal(number, lambda _number, _frame: what())


def disregard(number: int) -> None:
    """Do nothing on this signal; unlike SIG_IGN it is not passed on to programs that are run."""
    on_signal(number, lambda: None)


def leave_at_once(_number: int, _frame: object) -> None:
    """What a signal to stop means before the server has started: STARTING goes to STOPPED."""
    # Nothing has begun that would have to be ended, and an exception raised here would surface
    # inside the user's import.
    os._exit(0)


def give_up(why: str) -> NoReturn:
    """End at once, because the process cannot serve any more."""
    _log.critical("%s; the process ends", why, exc_info=sys.exc_info()[0] is not None)
    os._exit(EXIT_WORN)


def leave_soon(code: int) -> int:
    """See to it that the process, which is about to end, ends within `EXIT_PATIENCE_S`.

    The interpreter waits for threads that are no daemons, and a function may have left some that
    never end. Gives back `code`.
    """
    threading.Thread(target=_leave_by_force, args=(code,), name="leave", daemon=True).start()
    return code


def leave(code: int) -> NoReturn:
    """End the process as usual, but soon."""
    sys.exit(leave_soon(code))


def _leave_by_force(code: int) -> None:
    time.sleep(EXIT_PATIENCE_S)
    names = [each.name for each in threading.enumerate() if not each.daemon]
    _log.warning("the process ends without its threads: %s", ", ".join(names[:10]))
    os._exit(code)
