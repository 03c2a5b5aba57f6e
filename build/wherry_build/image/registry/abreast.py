"""Several calls at a time, in threads, without the logging that `concurrent.futures` loads."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

Result = TypeVar("Result")


def abreast(
    calls: Sequence[Callable[[], Result]], *, most: int, stop: Callable[[], None]
) -> list[Result]:
    """What each of `calls` returns.

    After an error none begins that has not begun yet, and the first error is raised when all have
    ended.

    Args:
        calls: What is called; this thread takes its share.
        most: How many at a time.
        stop: Has those that have begun end soon, after an error.
    """
    results: list[Any] = [None] * len(calls)
    waiting = deque(enumerate(calls))
    errors: list[BaseException] = []

    def work() -> None:
        while not errors:
            try:
                number, call = waiting.popleft()
            except IndexError:
                return
            try:
                results[number] = call()
            except BaseException as error:  # noqa: BLE001 - raised again, where it is waited for
                errors.append(error)
                stop()

    threads = [
        threading.Thread(target=work, name="wherry-push") for _ in range(min(most, len(calls)) - 1)
    ]
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
    return results
