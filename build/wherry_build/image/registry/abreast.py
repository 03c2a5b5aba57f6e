"""Several calls at a time, in threads, without the logging that `concurrent.futures` loads."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable


def abreast(calls: Iterable[Callable[[], None]], *, most: int, stop: Callable[[], None]) -> None:
    """Do all of `calls`.

    After an error none begins that has not begun yet, and the first error is raised when all have
    ended.

    Args:
        calls: What is called; this thread takes its share.
        most: How many at a time.
        stop: Has those that have begun end soon, after an error.
    """
    waiting = deque(calls)
    errors: list[BaseException] = []

    def work() -> None:
        while not errors:
            try:
                call = waiting.popleft()
            except IndexError:
                return
            try:
                call()
            except BaseException as error:  # noqa: BLE001 - raised again, where it is waited for
                errors.append(error)
                stop()

    others = min(most, len(waiting)) - 1
    threads = [threading.Thread(target=work, name="wherry-push") for _ in range(others)]
    for thread in threads:
        thread.start()
    try:
        work()
        for thread in threads:
            thread.join()
    except BaseException as error:  # noqa: BLE001 - an interruption while it waits
        errors.append(error)
        stop()
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]
