"""What is in the layers that every function's image has: its code, and the runtime.

It says what belongs in which layer and where; how a layer is written is `tarball`'s.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence

from wherry_build.errors import ProjectError
from wherry_build.image.context import collect
from wherry_build.image.conventions import FUNCTION, SITE
from wherry_build.image.engine import Layer, Progress
from wherry_build.image.layers.build_inputs import build_inputs
from wherry_build.image.layers.bytecode import FORMAT, Compiler, CompilerError, with_bytecode
from wherry_build.image.layers.cache import LayerCache
from wherry_build.image.layers.entry import Entry
from wherry_build.image.layers.tarball import layer, packed, tar
from wherry_build.image.oci.media_types import MediaTypes
from wherry_build.project.model import Function
from wherry_build.values import frozen


@frozen
class LayerOptions:
    """What the layers of one image have in common.

    Attributes:
        cache: Where layers are kept.
        media: Family of media types, the base's.
        compiler: Who compiles; None leaves bytecode out.
        progress: Is told where a compiler fails.
    """

    cache: LayerCache
    media: MediaTypes
    compiler: Compiler | None = None
    progress: Progress | None = None

    def layer(
        self,
        entries: Callable[[], Iterable[Entry]],
        *,
        purpose: str,
        key: str,
        epoch_s: int = 0,
    ) -> Layer:
        """The layer of `entries` and their bytecode; `key` is what the entries follow from.

        Where the compiler fails the layer has no bytecode, and is kept as one that has none, so
        that the next build tries again.
        """
        try:
            return self._layer(entries(), self.compiler, purpose, key, epoch_s)
        except CompilerError as error:
            if self.progress is not None:
                self.progress.step(f"{purpose}: has no bytecode, and starts more slowly: {error}")
            return self._layer(entries(), None, purpose, key, epoch_s)

    def _layer(
        self,
        entries: Iterable[Entry],
        by: Compiler | None,
        purpose: str,
        key: str,
        epoch_s: int,
    ) -> Layer:
        compiler = f"{FORMAT} {by.identity}" if by is not None else "none"
        return layer(
            with_bytecode(entries, by),
            purpose=purpose,
            cache=self.cache,
            media=self.media,
            key=f"{key}\nbytecode: {compiler}",
            epoch_s=epoch_s,
        )


def code_layer(function: Function, options: LayerOptions, *, epoch_s: int = 0) -> Layer:
    """The layer of a function's own files, without those that its build alone reads.

    Its files have the time `epoch_s`, for a web server tells files of one size apart by it; those
    of other layers have none, so that they are the same layers after the next commit.

    Raises:
        UnsafePath: A file must not enter an image.
        ContextTooLarge: There are too many files or bytes.
        ProjectError: The handler's file is kept out by the ignore rules.
    """
    prefix = FUNCTION.strip("/")
    not_wanted = {f"{prefix}/{name}" for name in build_inputs(function.folder)}
    entries = [
        entry for entry in collect(function.folder, prefix=prefix) if entry.path not in not_wanted
    ]
    if f"{prefix}/{function.handler}" not in {entry.path for entry in entries}:
        raise ProjectError(
            f"{function.folder / function.handler}: the ignore rules keep the handler out",
            hint=f"add !{function.handler} to {function.folder / '.dockerignore'}",
        )
    return options.layer(lambda: entries, purpose="code", key=key_of(entries), epoch_s=epoch_s)


def runtime_layer(options: LayerOptions) -> Layer:
    """The layer of the light runtime that is running.

    Raises:
        RuntimeUnavailable: Its files cannot be found.
    """
    from wherry_build.image.runtime_wheel import runtime_stamp

    return options.layer(_runtime, purpose="runtime", key=f"runtime {runtime_stamp()}")


def _runtime() -> Iterator[Entry]:
    from wherry_build.image.runtime_wheel import runtime_files

    prefix = SITE.strip("/")
    for path, content in runtime_files().items():
        yield Entry(path=f"{prefix}/{path}", content=content)


def folder_layer(folders: Iterable[str], options: LayerOptions) -> Layer | None:
    """The layer of folders that a base should have and has not; None when there are none.

    Engines make a folder that is missing with modes of their own, by which some keep everybody but
    root out.
    """
    wanted = sorted(folders)
    if not wanted:
        return None
    return packed(
        lambda: tar(dict.fromkeys(wanted), left_out=frozenset()),
        key=f"folders {' '.join(wanted)}",
        purpose=f"folders: {', '.join(wanted)}",
        cache=options.cache,
        media=options.media,
    )


def key_of(entries: Sequence[Entry]) -> str:
    """The hash of all that `entries` say."""
    hashed = hashlib.sha256()
    for part in _parts(entries):
        hashed.update(len(part).to_bytes(8, "little"))
        hashed.update(part)
    return f"entries {hashed.hexdigest()}"


def _parts(entries: Sequence[Entry]) -> Iterator[bytes]:
    for entry in sorted(entries, key=lambda each: each.path):
        yield entry.path.encode(errors="surrogatepass")
        yield b"x" if entry.is_executable else b""
        yield entry.link.encode(errors="surrogatepass")
        yield entry.content
