"""One blob on its way from a registry: what is cut off goes on, its digest is checked at last."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import BinaryIO

from wherry_build.errors import ContentRefused, RegistryUnavailable
from wherry_build.image.content import Descriptor
from wherry_build.image.registry.patience import Interruption
from wherry_build.image.registry.registry import Call, Registry
from wherry_build.image.registry.wire import DOCUMENT_S, blocks
from wherry_build.values import replaced

_SLOWEST_BYTES_S = 8 * 1024
_RANGE = re.compile(r"bytes ([0-9]{1,15})-.{0,64}", re.ASCII)


class Download:
    """One blob.

    Args:
        registry: Who has it.
        call: What gives it from its beginning.
        descriptor: Its name.
        file: Where it is written.
        moved: Is told how much of it there is.
    """

    def __init__(
        self,
        registry: Registry,
        call: Call,
        descriptor: Descriptor,
        file: BinaryIO,
        moved: Callable[[int], None] | None,
    ) -> None:
        self._registry = registry
        self._call = call
        self._descriptor = descriptor
        self._file = file
        self._moved = moved
        self._begin()

    def go_on(self) -> None:
        """Read what is left.

        Raises:
            RegistryError: The registry does not give it.
            Interruption: It was cut off.
        """
        total = self._descriptor.size_bytes
        rest = {"Range": f"bytes={self._size}-"} if self._size else {}
        with self._registry.open_once(replaced(self._call, headers=rest)) as response:
            if self._size and not self._goes_on(response.status, response.headers):
                self._begin()
            limit_s = DOCUMENT_S + total / _SLOWEST_BYTES_S
            for block in blocks(response, limit_bytes=total - self._size, limit_s=limit_s):
                self._hash.update(block)
                self._file.write(block)
                self._size += len(block)
                if self._moved is not None:
                    self._moved(self._size)
        if self._size < total:
            message = f"{self._registry.host}, asked {self._call.what}, stops after {self._size}"
            raise Interruption(RegistryUnavailable(f"{message} of {total} bytes", hint="try again"))

    def check(self) -> None:
        """See that it is what the digest names.

        Raises:
            ContentRefused: It is not.
        """
        digest = f"sha256:{self._hash.hexdigest()}"
        if digest != self._descriptor.digest:
            what = f"what {self._registry.host} gives, asked {self._call.what},"
            raise untrue(what, self._descriptor.digest, digest)

    def _begin(self) -> None:
        self._hash = hashlib.sha256()
        self._size = 0
        self._file.seek(0)
        self._file.truncate()

    def _goes_on(self, status: int, headers: Mapping[str, str]) -> bool:
        found = _RANGE.fullmatch(headers.get("Content-Range", ""))
        return status == 206 and found is not None and int(found[1]) == self._size


def short(digest: str) -> str:
    """A digest as people tell blobs apart."""
    return f"blob {digest.partition(':')[2][:12]}"


def untrue(what: str, expected: str, digest: str) -> ContentRefused:
    """The error of bytes that are not those of their digest."""
    return ContentRefused(
        f"{what} has the digest {digest}, expected {expected}",
        hint="try again; if it stays so, something on the way to the registry changes what is sent",
    )
