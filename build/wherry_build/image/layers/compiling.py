"""Sources to bytecode that Python takes without looking at the source's time or hash again.

Run by the Python of the image's version, in this process or as a program in another: it imports
the standard library alone. As a program it reads a list of paths and sources from its standard
input, and writes its version and the results to its standard output, both in `marshal`'s format.

The same source and path give the same bytes. `marshal` notes which objects are shared, and of those
that a compiler made that depends on all that a process has imported and compiled before. So they
are written in format 2, which has no such notes, read again, and what is read is written: nothing
in there is shared but names, the path, and texts of one letter, of which a process has one each.
"""

from __future__ import annotations

import contextlib
import importlib.util
import marshal
import sys
import warnings

_FORMAT = 2
_UNCHECKED_HASH = (1).to_bytes(4, "little")
_LETTERS = [sys.intern(chr(number)) for number in range(256)]


def compiled(path: str, source: bytes) -> bytes | None:
    """The content of a `.pyc` file (PEP 552); None for a source that is none of this version."""
    try:
        code = compile(source, sys.intern(path), "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return None
    head = importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH + importlib.util.source_hash(source)
    # Not of a constant that only newer formats have, as slices are from 3.14 on.
    with contextlib.suppress(ValueError):
        code = marshal.loads(marshal.dumps(code, _FORMAT))  # noqa: S302 - just written
    return head + marshal.dumps(code)


def compile_all(sources: list[tuple[str, bytes]]) -> list[bytes | None]:
    """The bytecode of each, whatever the compiler warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [compiled(path, source) for path, source in sources]


if __name__ == "__main__":
    wanted = marshal.loads(sys.stdin.buffer.read())  # noqa: S302 - from the process that started us
    answer = (tuple(sys.version_info[:2]), sys.implementation.name, compile_all(wanted))
    sys.stdout.buffer.write(marshal.dumps(answer, _FORMAT))
