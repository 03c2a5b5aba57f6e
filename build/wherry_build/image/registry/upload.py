"""How one blob gets into a repository: mounted from another, sent as a whole, or in chunks.

Distribution Specification 1.1, sections "Pushing blobs" and "Mounting a blob from another
repository". An upload that was cut off begins anew.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import BinaryIO
from urllib.parse import urlencode, urlsplit

from wherry_build.errors import RegistryError
from wherry_build.image.content import Content
from wherry_build.image.registry.registry import Call
from wherry_build.image.registry.repository import Repository
from wherry_build.image.registry.transport import Body
from wherry_build.image.registry.wire import Answer

LIMIT_WHOLE_BYTES = 1024 * 1024 * 1024  # what is larger goes in chunks without being asked
CHUNK_BYTES = 16 * 1024 * 1024
_LIMIT_CHUNK_BYTES = 256 * 1024 * 1024
_CREATED, _ACCEPTED, _TOO_LARGE = 201, 202, 413
_TAKEN = frozenset({_CREATED, 204})
_BYTES = {"Content-Type": "application/octet-stream"}


class Transfer(enum.Enum):
    """How a blob got there."""

    PRESENT = "present"
    MOUNTED = "mounted"
    SENT = "sent"


def put_blob(
    repository: Repository,
    content: Content,
    *,
    moved: Callable[[int], None],
    sources: tuple[str, ...] = (),
    is_new: bool = False,
) -> Transfer:
    """Have `content` in `repository`, which is asked first whether it has it.

    Args:
        repository: Where to.
        content: What.
        moved: Is told how many bytes have been sent.
        sources: Repositories of the same registry that have it; they are tried one by one.
        is_new: Whether it is so likely not to be there that nothing is asked.

    Raises:
        RegistryError: The registry does not take it.
    """
    if not is_new and repository.has_blob(content.descriptor.digest):
        return Transfer.PRESENT
    begun: Answer | None = None
    for source in sources:
        begun = _mount(repository, content.descriptor.digest, source)
        if begun is not None and begun.status == _CREATED:
            return Transfer.MOUNTED
    upload = _Upload(repository, content, moved, begun)
    repository.registry.patiently(upload.send)
    return Transfer.SENT


def _mount(repository: Repository, digest: str, source: str) -> Answer | None:
    """What the registry answers to a mount: done, or an upload begun; None when it refuses."""
    call = _begin(repository, {"mount": digest, "from": source}, "to mount a blob")
    try:
        return repository.registry.ask(call)
    except RegistryError:
        return None  # a blob that cannot be mounted is sent


class _Upload:
    """One blob on its way; sent again, it begins anew."""

    def __init__(
        self,
        repository: Repository,
        content: Content,
        moved: Callable[[int], None],
        begun: Answer | None,
    ) -> None:
        self._repository = repository
        self._registry = repository.registry
        self._content = content
        self._moved = moved
        self._begun = begun
        self._in_chunks = content.descriptor.size_bytes > LIMIT_WHOLE_BYTES

    def send(self) -> None:
        """Send it.

        Raises:
            RegistryError: The registry does not take it.
            Interruption: It was cut off.
        """
        if not self._in_chunks:
            self._in_chunks = not self._is_sent_whole()
        if self._in_chunks:
            self._send_chunks()

    def _is_sent_whole(self) -> bool:
        """Whether the registry, and what is before it, took the blob in one request."""
        size = self._content.descriptor.size_bytes
        answer = self._put(self._url(self._start()), 0, size, f"to take {size} bytes")
        return answer.status != _TOO_LARGE

    def _send_chunks(self) -> None:
        answer, start = self._start(), 0
        total = self._content.descriptor.size_bytes
        least = answer.headers.get("OCI-Chunk-Min-Length", "")
        wished = int(least) if least.isdecimal() and len(least) < 12 else 0
        size = max(CHUNK_BYTES, min(wished, _LIMIT_CHUNK_BYTES))
        while start < total:
            end = min(start + size, total)
            answer = self._patch(self._url(answer), start, end)
            start = end
        self._put(self._url(answer), 0, 0, "to end an upload")

    def _start(self) -> Answer:
        begun, self._begun = self._begun, None
        if begun is not None:
            return begun
        return self._registry.ask_once(_begin(self._repository, {}, "to begin an upload"))

    def _url(self, answer: Answer) -> str:
        return self._registry.locate(answer, answer.headers.get("Location", ""))

    def _patch(self, url: str, start: int, end: int) -> Answer:
        return self._registry.ask_once(
            Call(
                what=f"to take bytes from {start} to {end} for {self._repository.name}",
                method="PATCH",
                path=url,
                access=self._repository.access,
                expected=frozenset({_ACCEPTED, 204}),
                headers={**_BYTES, "Content-Range": f"{start}-{end - 1}"},
                body=lambda: self._part(start, end - start),
                size_bytes=end - start,
            )
        )

    def _put(self, url: str, start: int, size_bytes: int, what: str) -> Answer:
        return self._registry.ask_once(
            Call(
                what=f"{what} for {self._repository.name}",
                method="PUT",
                path=_with_digest(url, self._content.descriptor.digest),
                access=self._repository.access,
                expected=_TAKEN | {_TOO_LARGE} if size_bytes else _TAKEN,
                headers=_BYTES,
                body=lambda: self._part(start, size_bytes),
                size_bytes=size_bytes,
            )
        )

    def _part(self, start: int, size_bytes: int) -> Body:
        return _Part(self._content.open(), start, size_bytes, self._moved)


def _begin(repository: Repository, query: dict[str, str], what: str) -> Call:
    suffix = f"?{urlencode(query)}" if query else ""
    return Call(
        what=f"{what} for {repository.name}",
        method="POST",
        path=f"/v2/{repository.name}/blobs/uploads/{suffix}",
        access=repository.access,
        expected=frozenset({_CREATED, _ACCEPTED}),
    )


def _with_digest(url: str, digest: str) -> str:
    separator = "&" if urlsplit(url).query else "?"
    return f"{url}{separator}{urlencode({'digest': digest})}"


class _Part:
    """A part of a file that tells how far it has been read."""

    def __init__(
        self, file: BinaryIO, start: int, size_bytes: int, moved: Callable[[int], None]
    ) -> None:
        self._file = file
        self._left = size_bytes
        self._done = start
        self._moved = moved
        file.seek(start)

    def read(self, size: int = -1, /) -> bytes:
        """So many bytes, or what is left of the part.

        Raises:
            RegistryError: They cannot be read; nothing that the registry could do better.
        """
        try:
            block = self._file.read(self._left if size < 0 else min(size, self._left))
        except OSError as error:
            raise RegistryError(f"what is to be sent cannot be read: {error.strerror}") from None
        self._left -= len(block)
        self._done += len(block)
        if block:
            self._moved(self._done)
        return block

    def close(self) -> None:
        """Close the file."""
        self._file.close()
