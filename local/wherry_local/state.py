"""The state folder of a project's platform: `.wherry/`, private to its owner.

Says where each thing lies; what is in a file is the business of who writes it.
"""

from __future__ import annotations

import errno
import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from wherry_local.errors import LocalError

NAME = ".wherry"
_NOT_OURS = frozenset({errno.ENOTDIR, errno.ELOOP, errno.EACCES})


@dataclass(frozen=True, slots=True)
class StateFolder:
    """Where a platform keeps what outlives it; `make` before the first use."""

    path: Path

    @classmethod
    def of(cls, project: Path) -> StateFolder:
        """That of the project in the folder `project`."""
        return cls(project.resolve() / NAME)

    def make(self) -> None:
        """Make the folders, for the owner alone, and keep them out of version control.

        Raises:
            LocalError: One is there and is a link, no folder, or another user's.
            OSError: One cannot be made.
        """
        for folder in (self.path, self.sockets, self.logs, self.secrets, self.mounts):
            if not os.path.lexists(folder):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _take(folder)
        ignore = self.path / ".gitignore"
        if not ignore.exists():
            self.write(ignore, b"*\n")

    @property
    def sockets(self) -> Path:
        """Folder of the replicas' sockets."""
        return self.path / "run"

    @property
    def logs(self) -> Path:
        """Folder of the functions' logs."""
        return self.path / "logs"

    @property
    def secrets(self) -> Path:
        """Folder of the secrets: NAMESPACE/NAME, a file each."""
        return self.path / "secrets"

    @property
    def queue(self) -> Path:
        """The queue's file."""
        return self.path / "queue.sqlite3"

    @property
    def deployments(self) -> Path:
        """What was deployed through the API."""
        return self.path / "deployments.json"

    @property
    def namespaces(self) -> Path:
        """Which namespaces callers of the API made."""
        return self.path / "namespaces.json"

    @property
    def mounts(self) -> Path:
        """Folder of what functions are given: NAMESPACE/NAME with the secrets that each names."""
        return self.path / "mounts"

    @property
    def endpoint(self) -> Path:
        """Who serves and where, while it serves."""
        return self.path / "platform.json"

    @property
    def lock(self) -> Path:
        """The file whose lock the platform holds while it runs."""
        return self.path / "lock"

    @property
    def password(self) -> Path:
        """The password of the administrator `admin`."""
        return self.path / "basic-auth-password"

    def write(self, path: Path, content: bytes, *, durable: bool = False) -> None:
        """Put `content` at `path`, whole or not at all, readable by the owner alone.

        Args:
            path: Where to.
            content: What.
            durable: Whether it is to outlive a loss of power as well, which takes time.

        Raises:
            OSError: It cannot be stored.
        """
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise


def _take(folder: Path) -> None:
    """See that nobody else says what is in a folder, which is there.

    Raises:
        LocalError: It is a link, no folder, or another user's.
        OSError: It cannot be looked at.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in _NOT_OURS:
            raise _not_ours(folder) from error
        raise
    try:
        if os.fstat(descriptor).st_uid != os.geteuid():
            raise _not_ours(folder)
        os.fchmod(descriptor, 0o700)
    finally:
        os.close(descriptor)


def _not_ours(folder: Path) -> LocalError:
    return LocalError(
        f"{folder}: expected a folder of your own, got a link, a file or what is another user's",
        hint=f"look at it, then: rm -r {shlex.quote(str(folder))}",
    )
