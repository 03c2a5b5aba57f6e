"""From a wheel's file to the entries of a layer, as an installer would put them on a disk.

Everything goes below one folder that PYTHONPATH names, libraries beside the modules that look for
them. What is left out, and why: headers, since nothing is compiled in an image; the scripts that
entry points stand for, since an image starts `python3 -m wherry` and has no shell (the metadata
still tells of them). Scripts that the wheel carries are kept, below `bin`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from wherry_build.errors import WheelNotFound, WheelRefused
from wherry_build.image.conventions import SITE
from wherry_build.image.layers.entry import Entry
from wherry_build.image.wheels.archive import Member, Wheel, read_wheel
from wherry_build.image.wheels.elf import foreign_machine
from wherry_build.image.wheels.record import digest, written
from wherry_build.image.wheels.target import WAYS_OUT, Target
from wherry_build.values import replaced

_INSTALLER = b"wherry\n"
_ANY_PYTHON = b"#!/usr/bin/env python3"


def wheel_entries(file: Path, target: Target) -> tuple[Entry, ...]:
    """The entries that the wheel in `file` becomes, sorted by path.

    Raises:
        WheelRefused: The wheel is broken or unsafe to unpack.
        WheelNotFound: A compiled file in it is for another machine than `target`'s.
    """
    wheel = read_wheel(file)
    for member in wheel.members:
        foreign = foreign_machine(member.content, target.machine)
        if foreign:
            raise WheelNotFound(
                f"{wheel.name}: {member.path} is for {foreign}, expected {target.machine.name}",
                hint=WAYS_OUT,
            )
    placed: dict[str, Member] = {}
    for member in _placed(wheel):
        if placed.setdefault(member.path, member) is not member:
            raise WheelRefused(f"{wheel.name}: {member.path}: there are two of it")
    site = SITE.strip("/")
    return tuple(
        Entry(
            path=f"{site}/{path}",
            content=placed[path].content,
            is_executable=placed[path].is_executable,
        )
        for path in sorted(placed)
    )


def _placed(wheel: Wheel) -> Iterator[Member]:
    """The files of `wheel` where they are installed, with RECORD and INSTALLER made for that."""
    own = f"{wheel.information}/RECORD"
    made = {own, f"{own}.jws", f"{own}.p7s", f"{wheel.information}/INSTALLER"}
    kept = [
        moved
        for member in wheel.members
        if member.path not in made and (moved := _moved(member, wheel)) is not None
    ]
    kept.append(Member(path=f"{wheel.information}/INSTALLER", content=_INSTALLER))
    yield from kept
    rows = {
        member.path: (member.digest or digest(member.content), len(member.content))
        for member in kept
    }
    record = written(rows, own)
    yield Member(path=own, content=record)


def _moved(member: Member, wheel: Wheel) -> Member | None:
    """`member` where it is installed; None when it is not."""
    top, _, inside = member.path.partition("/")
    if top != f"{wheel.information.removesuffix('.dist-info')}.data":
        return member
    scheme, _, path = inside.partition("/")
    if scheme == "headers":
        return None
    if scheme == "scripts":
        return _script(member, f"bin/{path}")
    if scheme not in {"purelib", "platlib", "data"} or not path:
        raise WheelRefused(f"{wheel.name}: {member.path}: no part of the .data folder is {scheme}")
    return replaced(member, path=path)


def _script(member: Member, path: str) -> Member:
    """`member` as a command that starts with the Python that the image finds on its path."""
    if not member.content.startswith(b"#!python"):
        return replaced(member, path=path, is_executable=True)
    content = _ANY_PYTHON + b"\n" + member.content.partition(b"\n")[2]
    return Member(path=path, content=content, is_executable=True)
