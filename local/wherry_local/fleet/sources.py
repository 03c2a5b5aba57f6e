"""Whether the sources of a function can be compiled; nothing of them is run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

_MOST_FILES = 200
_OTHERS = frozenset({".venv", "venv", "node_modules", "__pycache__", "site-packages"})


def source_fault(folder: Path | None, changed: Sequence[Path] = ()) -> str | None:
    """What is wrong with the first file that cannot be compiled; None where all can.

    Args:
        folder: The folder of the function; None has no files.
        changed: The files to look at; none for all in the folder.
    """
    files = changed or ([] if folder is None else _sources(folder))
    for file in files:
        if file.suffix == ".py" and (fault := _fault_of(file)) is not None:
            return fault
    return None


def _sources(folder: Path) -> Iterable[Path]:
    files = (
        file
        for file in sorted(folder.rglob("*.py"))
        if _OTHERS.isdisjoint(file.relative_to(folder).parts)
    )
    return [file for file, _ in zip(files, range(_MOST_FILES), strict=False)]


def _fault_of(file: Path) -> str | None:
    try:
        compile(file.read_bytes(), str(file), "exec", dont_inherit=True)
    except FileNotFoundError:
        return None  # it has been deleted
    except SyntaxError as error:
        return f"{file}, line {error.lineno}: {error.msg}"
    except (OSError, ValueError) as error:  # ValueError: a NUL in the source
        return f"{file}: {error}"
    except (RecursionError, MemoryError):  # of the compiler's own stack
        return f"{file}: an expression in it is nested too deeply"
    return None
