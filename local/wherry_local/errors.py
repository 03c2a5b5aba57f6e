"""The error tree of the local platform.

    LocalError
    ├── WatcherUnavailable   the package that watches files is not installed   exit 3
    ├── NoFreePort           no port could be listened on                      exit 3
    ├── NothingServed        no function became ready                          exit 3
    ├── AlreadyRuns          a platform runs for this project already          exit 3
    ├── QueueUnavailable     the queue cannot be opened                        exit 3
    ├── PlatformAbsent       no platform runs here, or none answers            exit 3
    ├── AdminRefused         the platform did not do what was asked of it
    ├── InvalidScale         a label or an annotation says a scale that there cannot be
    ├── ManifestInvalid      a Trigger or a Broker in a file is wrong          exit 2
    ├── ScheduleInvalid      a schedule that can never come, or a zone that is not known   exit 2
    └── Unreachable          nothing answered at the address

Each carries what happened, where, what was got and what was expected; `hint` is the next thing to
type.
"""

from __future__ import annotations


class LocalError(Exception):
    """Root of every error that the local platform raises on purpose."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class WatcherUnavailable(LocalError):  # noqa: N818 - named for the state, as in the tree above
    """The package that watches files is not installed."""

    exit_code = 3


class NoFreePort(LocalError):  # noqa: N818
    """No port could be listened on."""

    exit_code = 3


class NothingServed(LocalError):  # noqa: N818
    """No function became ready; each has said why."""

    exit_code = 3


class AlreadyRuns(LocalError):  # noqa: N818
    """A platform runs for this project already."""

    exit_code = 3


class QueueUnavailable(LocalError):  # noqa: N818
    """The platform's queue cannot be opened: its file, or the server that holds it."""

    exit_code = 3


class PlatformAbsent(LocalError):  # noqa: N818
    """No platform runs for this project, or none answers where it should be."""

    exit_code = 3


class AdminRefused(LocalError):  # noqa: N818
    """The platform did not do what was asked of it.

    Attributes:
        status: Status of its answer.
    """

    def __init__(self, message: str, *, status: int, hint: str = "", exit_code: int = 1) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.exit_code = exit_code


class Unreachable(LocalError):  # noqa: N818
    """Nothing answered at the address."""


class ManifestInvalid(LocalError):  # noqa: N818
    """A file of Triggers and Brokers says what cannot be; names each place."""

    exit_code = 2


class ScheduleInvalid(LocalError):  # noqa: N818
    """A schedule that can never come, or whose time zone is not known here."""

    exit_code = 2
