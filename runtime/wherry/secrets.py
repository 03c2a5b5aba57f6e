"""Secrets: read when they are asked for, from mounted files and then the environment.

What was read is remembered for one purpose, to be replaced wherever it would be logged. Values
are in no repr, no error and no problem. This module must not know platforms: the folders are
given to it.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterable, Mapping

from wherry.errors import SecretNotFound
from wherry.paths import joined

DEFAULT_FOLDERS = ("/var/openfaas/secrets", "/run/secrets")
REDACTED = "[redacted]"
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}"  # `re` compiles and keeps it when a secret is read
_LIMIT_BYTES = 1 << 20
_SHORTEST = 4
_SHORTEST_LINE = 8
_MAX_VALUES = 4_096


class Redactor:
    """Replaces secrets that were read in any text that is about to be logged; thread-safe.

    Values shorter than 4 characters are left alone: replacing them would garble every line.
    """

    __slots__ = ("_forms", "_lock", "_pattern")

    def __init__(self) -> None:
        self._forms: dict[str, None] = {}
        self._lock = threading.Lock()
        self._pattern: re.Pattern[str] | None = None

    def remember(self, value: str) -> None:
        """Replace `value` from now on, also as repr, JSON and a URL would write it."""
        from urllib.parse import quote  # only who has a secret needs it

        forms = [value, repr(value)[1:-1], json.dumps(value)[1:-1], quote(value, safe="")]
        lines = value.splitlines()
        if len(lines) > 1:
            forms += [line for line in lines if len(line) >= _SHORTEST_LINE]
        new = [form for form in forms if len(form) >= _SHORTEST and form not in self._forms]
        if not new:
            return
        with self._lock:
            for form in new:
                self._forms[form] = None
            while len(self._forms) > _MAX_VALUES:
                del self._forms[next(iter(self._forms))]
            longest_first = sorted(self._forms, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def redact(self, text: str) -> str:
        """`text` with every remembered value replaced."""
        pattern = self._pattern
        return text if pattern is None else pattern.sub(REDACTED, text)

    def __repr__(self) -> str:
        return f"<Redactor of {len(self._forms)} forms>"


_Bytes = bytes  # `Secrets.bytes` hides the name inside its class
REDACTOR = Redactor()
"""The one that logging asks, and that every `Secrets` feeds unless it is given another."""


class Secrets:
    """The secrets of this function, by name; a name is `[A-Za-z0-9][A-Za-z0-9._-]{0,252}`.

    Each access reads anew, so that a rotated secret is seen.

    Attributes:
        redactor: Replaces what was read in logs.
    """

    __slots__ = ("_environ", "_folders", "redactor")

    def __init__(
        self,
        folders: Iterable[str | os.PathLike[str]] = DEFAULT_FOLDERS,
        *,
        environ: Mapping[str, str] = os.environ,
        redactor: Redactor | None = None,
    ) -> None:
        self._folders = tuple(os.fspath(folder) for folder in folders)
        self._environ = environ
        self.redactor = REDACTOR if redactor is None else redactor

    def __getitem__(self, name: str) -> str:
        """The secret as text, without one line break at its end.

        Looked for as a file of that name in each folder, then as an environment variable of that
        name, then as one in upper case with underscores (`api-key`: `API_KEY`).

        Raises:
            SecretNotFound: There is none, or it is no text in UTF-8.
        """
        try:
            value = self._read(name).decode()
        except UnicodeDecodeError:
            raise SecretNotFound(
                f"secret {name!r} is no text in UTF-8", hint=f"secrets.bytes({name!r})"
            ) from None
        value = value.removesuffix("\n").removesuffix("\r")
        self.redactor.remember(value)
        return value

    def bytes(self, name: str) -> _Bytes:
        """The secret as it is, its last line break too; SecretNotFound where there is none."""
        value = self._read(name)
        try:
            self.redactor.remember(value.decode().removesuffix("\n"))
        except UnicodeDecodeError:
            self.redactor.remember(value.hex())
        self.redactor.remember(repr(value)[2:-1])
        return value

    def get(self, name: str, default: str | None = None) -> str | None:
        """The secret as text, or `default` where there is none."""
        try:
            return self[name]
        except SecretNotFound:
            return default

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        try:
            self._read(name)
        except SecretNotFound:
            return False
        return True

    def names(self) -> list[str]:
        """Names of the secrets in the folders, sorted; those of the environment are not known."""
        found: set[str] = set()
        for folder in self._folders:
            try:
                with os.scandir(folder) as entries:
                    files = [each.name for each in entries if each.is_file()]
            except OSError:
                continue
            found.update(each for each in files if re.fullmatch(_NAME, each))
        return sorted(found)

    def __repr__(self) -> str:
        return f"<Secrets: {len(self.names())} in files>"

    def _read(self, name: str) -> _Bytes:
        if not isinstance(name, str) or re.fullmatch(_NAME, name) is None:
            raise SecretNotFound(
                "name of a secret: expected letters, digits, '.', '_' or '-', and no path"
            )
        for folder in self._folders:
            try:
                with open(joined(folder, name), "rb") as file:  # noqa: PTH123 - see `paths`
                    value = file.read(_LIMIT_BYTES + 1)
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                continue
            except OSError as error:
                raise SecretNotFound(
                    f"secret {name!r} in {folder} cannot be read: {error.strerror}"
                ) from None
            if len(value) > _LIMIT_BYTES:
                raise SecretNotFound(f"secret {name!r} in {folder} is longer than 1 MiB")
            return value
        variable = name.upper().replace("-", "_").replace(".", "_")
        for each in (name, variable):
            if each in self._environ:
                return os.fsencode(self._environ[each])
        places = ", ".join(self._folders) or "no folder"
        raise SecretNotFound(
            f"secret {name!r} is in none of {places}, nor in the environment as {variable}",
            hint=f"mount a file of that name, or set {variable}",
        )
