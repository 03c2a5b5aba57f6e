"""What a wheel must fit: the Python, the architecture and the C library of a base image.

Tags and environment markers are computed for that, never for the machine that builds. No I/O.
Sources: the platform compatibility tags (PEP 425, PEP 600, PEP 656) and the dependency specifiers
of packaging.python.org.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

from wherry_build.errors import InvalidName
from wherry_build.image.platform import Platform
from wherry_build.values import frozen

if TYPE_CHECKING:
    from packaging.markers import Marker
    from packaging.tags import Tag

Libc = Literal["glibc", "musl"]

WAYS_OUT = (
    "wherry build --engine docker, or put a wheel of it into a folder and name it with --wheels, "
    "or take another base"
)
"""What to do where nothing runs on a target: a hint."""


class Machine(NamedTuple):
    """One architecture, in the words of wheels and of ELF headers."""

    name: str
    elf_machine: int
    elf_bits: int = 64
    is_big_endian: bool = False


_MACHINES = {
    ("386", ""): Machine("i686", 3, elf_bits=32),
    ("amd64", ""): Machine("x86_64", 62),
    ("arm", "v6"): Machine("armv6l", 40, elf_bits=32),
    ("arm", "v7"): Machine("armv7l", 40, elf_bits=32),
    ("arm64", ""): Machine("aarch64", 183),
    ("loong64", ""): Machine("loongarch64", 258),
    ("ppc64le", ""): Machine("ppc64le", 21),
    ("riscv64", ""): Machine("riscv64", 243),
    ("s390x", ""): Machine("s390x", 22, is_big_endian=True),
}
_OLDEST_GLIBC_MINOR = 17
_OLDEST_GLIBC_MINOR_OF_X86 = 5
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}


@frozen
class Target:
    """Where wheels are to run.

    Attributes:
        python: Version of the base's Python, `(3, 12)`.
        platform: What the image is for.
        libc: The base's C library.
        libc_version: Its version, `(2, 36)`.
        python_full_version: The base's Python to the last digit; empty takes the first of `python`.
    """

    python: tuple[int, int]
    platform: Platform
    libc: Libc = "glibc"
    libc_version: tuple[int, int] = (2, 36)
    python_full_version: str = ""

    def __post_init__(self) -> None:
        if self.platform.os != "linux" or self._architecture not in _MACHINES:
            known = ", ".join("linux/" + "/".join(filter(None, item)) for item in _MACHINES)
            raise InvalidName(
                f"platform: got {str(self.platform)!r}, expected one that wheels are made for: "
                f"{known}"
            )

    @property
    def _architecture(self) -> tuple[str, str]:
        """The architecture and, of those where it tells machines apart, the variant."""
        architecture = self.platform.architecture
        return architecture, self.platform.variant or "v7" if architecture == "arm" else ""

    @property
    def machine(self) -> Machine:
        """Its architecture."""
        return _MACHINES[self._architecture]

    @property
    def key(self) -> str:
        """One line that is the same for targets that take the same wheels."""
        python = self.python_full_version or f"{self.python[0]}.{self.python[1]}"
        libc = f"{self.libc}{self.libc_version[0]}.{self.libc_version[1]}"
        return f"cpython-{python}-{self.platform.os}-{self.machine.name}-{libc}"

    def __str__(self) -> str:
        major, minor = self.libc_version
        return (
            f"{self.platform} with Python {self.python[0]}.{self.python[1]} and "
            f"{self.libc} {major}.{minor}"
        )

    def platform_tags(self) -> tuple[str, ...]:
        """The platforms that wheels may be tagged with, the best first.

        Every floor from the base's C library down is there: pip takes none but those it is told.
        """
        return (*self._libc_tags(), f"linux_{self.machine.name}")

    def _libc_tags(self) -> Iterator[str]:
        name = self.machine.name
        major, minor = self.libc_version
        if self.libc == "musl":
            yield from (f"musllinux_{major}_{older}_{name}" for older in range(minor, -1, -1))
            return
        is_x86 = name in {"x86_64", "i686"}
        oldest = _OLDEST_GLIBC_MINOR_OF_X86 if is_x86 else _OLDEST_GLIBC_MINOR
        for older in range(minor, oldest - 1, -1):
            yield f"manylinux_{major}_{older}_{name}"
            if older in _LEGACY:
                yield f"{_LEGACY[older]}_{name}"

    def tags(self) -> tuple[Tag, ...]:
        """The tags of wheels that run here, the best first."""
        from packaging.tags import compatible_tags, cpython_tags

        interpreter = f"cp{self.python[0]}{self.python[1]}"
        platforms = self.platform_tags()
        return (
            *cpython_tags(self.python, abis=[interpreter], platforms=platforms),
            *compatible_tags(self.python, interpreter=interpreter, platforms=platforms),
        )

    def environment(self) -> dict[str, str]:
        """What environment markers are evaluated with; nothing in it is of this machine."""
        major, minor = self.python
        full = self.python_full_version or f"{major}.{minor}.0"
        return {
            "implementation_name": "cpython",
            "implementation_version": full,
            "os_name": "posix",
            "platform_machine": self.machine.name,
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "platform_python_implementation": "CPython",
            "python_full_version": full,
            "python_version": f"{major}.{minor}",
            "sys_platform": "linux",
        }

    def applies(self, marker: Marker | None, *, extra: str = "") -> bool:
        """Whether a requirement with `marker` counts here, as one of `extra` or of none."""
        return marker is None or marker.evaluate({**self.environment(), "extra": extra})
