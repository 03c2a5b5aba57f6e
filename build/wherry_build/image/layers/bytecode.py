"""Who compiles for an image: this Python where it is of the image's version, else another one.

Bytecode of one minor version is of no use to another. Where no Python of the image's is found the
image has none: it starts slower and works the same.
"""

from __future__ import annotations

import os
import posixpath
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from wherry_build.image.layers.entry import Entry
from wherry_build.values import frozen

FORMAT = 3
"""How bytecode is written; another number where the same source becomes other bytes."""

_SORTS_CONSTANT_SETS = (3, 11)
_TIMEOUT_S = 600
_KNOCK_S = 30
_MOST_PROCESSES = 8
_WORTH_A_PROCESS = 64
_IDENTITY = "import sys; print(sys.implementation.name, '%d.%d.%d' % sys.version_info[:3])"
_one_at_a_time = threading.Lock()


class CompilerError(Exception):
    """A compiler did not do its work: whether its sources are of its version is not known."""


class Compiler(Protocol):
    """Compiles for one version of Python."""

    @property
    def python(self) -> tuple[int, int]:
        """The version that it compiles for."""
        ...

    @property
    def identity(self) -> str:
        """One line that is another for another compiler."""
        ...

    def compile(self, sources: Sequence[tuple[str, bytes]]) -> Sequence[bytes | None]:
        """The bytecode of each path and source; None for what is no source of this version.

        Raises:
            CompilerError: It could not be run, or did not come to an end.
        """
        ...


@frozen(kw_only=False)
class ThisPython:
    """The interpreter that is running."""

    python: tuple[int, int]
    identity: str

    def compile(self, sources: Sequence[tuple[str, bytes]]) -> Sequence[bytes | None]:
        """Compile here; many, in processes of this Python, one for each processor."""
        if _processes(len(sources)) > 1:
            with suppress(CompilerError):  # as where memory is short; then all of it here
                return OtherPython(self.python, self.identity, sys.executable).compile(sources)
        from wherry_build.image.layers.compiling import compile_all

        with _one_at_a_time:  # what is warned of is a process's own
            return compile_all(list(sources))


@frozen(kw_only=False)
class OtherPython:
    """An interpreter that is asked in a process of its own."""

    python: tuple[int, int]
    identity: str
    executable: str

    def compile(self, sources: Sequence[tuple[str, bytes]]) -> Sequence[bytes | None]:
        """Compile there.

        Raises:
            CompilerError: One of the processes failed, so that nothing is told from a part.
        """
        count = _processes(len(sources))
        if count < 2:
            return self._ask(sources)
        from concurrent.futures import ThreadPoolExecutor

        made: list[bytes | None] = [None] * len(sources)
        with ThreadPoolExecutor(count) as threads:
            shares = [sources[number::count] for number in range(count)]
            for number, share in enumerate(threads.map(self._ask, shares)):
                made[number::count] = share
        return made

    def _ask(self, sources: Sequence[tuple[str, bytes]]) -> list[bytes | None]:
        import marshal

        program = Path(__file__).with_name("compiling.py").read_text(encoding="utf-8")
        asked = marshal.dumps([(path, bytes(source)) for path, source in sources], 2)
        answer = _run(self.executable, program, asked, _TIMEOUT_S)
        try:
            version, implementation, compiled = marshal.loads(answer)  # noqa: S302 - a Python of ours
        except (ValueError, EOFError, TypeError):
            raise CompilerError(f"{self.executable}: its answer cannot be read") from None
        if (version, implementation) != (self.python, "cpython"):
            raise CompilerError(f"{self.executable}: is of another version now")
        return list(compiled)


def _processes(sources: int) -> int:
    """How many processes so many sources are worth."""
    return min(os.cpu_count() or 1, _MOST_PROCESSES, sources // _WORTH_A_PROCESS)


def find_compiler(
    python: tuple[int, int], environment: Mapping[str, str] | None = None
) -> Compiler | None:
    """Who compiles for `python`; None where this machine has no such Python.

    Looked for on PATH, and among those that pyenv and uv have installed.
    """
    environment = os.environ if environment is None else environment
    if python == sys.version_info[:2] and sys.implementation.name == "cpython":
        identity = f"cpython {'.'.join(map(str, sys.version_info[:3]))}"
        if python >= _SORTS_CONSTANT_SETS and not _has_no_debug_ranges(environment):
            return ThisPython(python, identity)
        return OtherPython(python, identity, sys.executable)
    for executable in _candidates(python, environment):
        identity = ""
        with suppress(CompilerError):
            identity = _run(executable, _IDENTITY, b"", _KNOCK_S).decode(errors="replace").strip()
        if identity.startswith(f"cpython {python[0]}.{python[1]}."):
            return OtherPython(python, identity, executable)
    return None


def _has_no_debug_ranges(environment: Mapping[str, str]) -> bool:
    return "no_debug_ranges" in sys._xoptions or bool(environment.get("PYTHONNODEBUGRANGES"))  # noqa: SLF001


def _candidates(python: tuple[int, int], environment: Mapping[str, str]) -> Iterator[str]:
    import shutil

    name = f"python{python[0]}.{python[1]}"
    found = shutil.which(name, path=environment.get("PATH", os.defpath))
    home = Path(environment.get("HOME") or "~").expanduser()
    pyenv = Path(environment.get("PYENV_ROOT") or home / ".pyenv") / "versions"
    data = Path(environment.get("XDG_DATA_HOME") or home / ".local/share")
    uv = Path(environment.get("UV_PYTHON_INSTALL_DIR") or data / "uv/python")
    if found:
        yield found
    for folder, pattern in ((pyenv, f"{name[6:]}.*"), (uv, f"cpython-{name[6:]}.*")):
        for each in sorted(folder.glob(f"{pattern}/bin/{name}")):
            yield str(each)


def _run(executable: str, program: str, asked: bytes, timeout_s: float) -> bytes:
    """What `program` writes.

    Its environment is empty and the hash of texts fixed, for the order of a set is bytecode too.

    Raises:
        CompilerError: It cannot be run, or fails.
    """
    import subprocess

    try:
        done = subprocess.run(  # noqa: S603 - an interpreter that was found, and a program of ours
            [executable, "-s", "-S", "-c", program],
            input=asked,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONHASHSEED": "0", "PATH": os.defpath},
            cwd="/",
            timeout=timeout_s,
            check=False,
        )
    except OSError as error:
        raise CompilerError(f"{executable}: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise CompilerError(f"{executable}: not done after {timeout_s:g} s") from None
    if done.returncode != 0:
        raise CompilerError(f"{executable}: ended with status {done.returncode}")
    return done.stdout


def with_bytecode(entries: Iterable[Entry], compiler: Compiler | None) -> Iterator[Entry]:
    """`entries`, and beside each source its bytecode, compiled for where it is in the image.

    Raises:
        CompilerError: There is no bytecode of any, after all of `entries`.
    """
    there: set[str] = set()
    sources: list[tuple[str, bytes]] = []
    for entry in entries:
        there.add(entry.path)
        if compiler is not None and entry.path.endswith(".py") and not entry.link:
            sources.append((f"/{entry.path}", entry.content))
        yield entry
    if compiler is None or not sources:
        return
    tag = f"cpython-{compiler.python[0]}{compiler.python[1]}"
    for (path, _), content in zip(sources, compiler.compile(sources), strict=True):
        folder, name = posixpath.split(path[1:])
        place = f"{folder}/__pycache__/{name[:-3]}.{tag}.pyc"
        if content is not None and place not in there:
            yield Entry(path=place, content=content)
