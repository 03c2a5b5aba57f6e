"""Reads from the first bytes of a compiled file which machine it is for. No I/O.

Source: the ELF header of the System V ABI, `e_ident` and `e_machine`.
"""

from __future__ import annotations

from wherry_build.image.wheels.target import Machine

_MAGIC = b"\x7fELF"
_LITTLE, _BIG = 1, 2
_BITS = {1: 32, 2: 64}
_NAMES = {3: "i686", 8: "MIPS", 21: "ppc64", 22: "s390x", 40: "arm", 62: "x86_64",
          183: "aarch64", 243: "riscv64", 258: "loongarch64"}  # fmt: skip


def foreign_machine(content: bytes, machine: Machine) -> str:
    """The name of the machine that `content` is for, if that is another than `machine`.

    Empty when it is for `machine`, or no ELF file at all.
    """
    if content[:4] != _MAGIC:
        return ""
    if len(content) < 20 or content[4] not in _BITS or content[5] not in {_LITTLE, _BIG}:
        return "a broken header"
    is_big_endian = content[5] == _BIG
    number = int.from_bytes(content[18:20], "big" if is_big_endian else "little")
    bits = _BITS[content[4]]
    got = (number, bits, is_big_endian)
    if got == (machine.elf_machine, machine.elf_bits, machine.is_big_endian):
        return ""
    return f"{_NAMES.get(number, f'machine {number}')} ({bits} bits)"
