"""Sources to bytecode that Python takes without looking at the source's time or hash again.

Run by the Python of the image's version, in this process or as a program in another: it imports
the standard library alone. As a program it reads a list of paths and sources from its standard
input, and writes its version and the results to its standard output, both in `marshal`'s format.

The same source and path give the same bytes. `marshal` would else note how often an object is
referred to, which depends on all that a process has imported; its format 2 has no such notes.
"""

from __future__ import annotations

import importlib.util
import marshal
import sys
import warnings

_FORMAT = 2
_UNCHECKED_HASH = (1).to_bytes(4, "little")


def compiled(path: str, source: bytes) -> bytes | None:
    """The content of a `.pyc` file (PEP 552); None for a source that is none of this version."""
    try:
        code = compile(source, path, "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return None
    head = importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH + importlib.util.source_hash(source)
    try:
        return head + marshal.dumps(code, _FORMAT)
    except ValueError:  # a constant that only newer formats have, as slices are from 3.14 on
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
