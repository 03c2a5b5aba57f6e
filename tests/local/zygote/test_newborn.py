"""A forked replica is as a fresh `python -m wherry` would be, and no part of the zygote."""

import asyncio
import json
import os
import py_compile
import socket
import sys
import textwrap
from pathlib import Path

import pytest

from wherry_local.errors import LocalError
from wherry_local.zygote.client import Nursery

PROBE = """
    import json, os, random, signal, sys
    def start():
        known = {
            "environment": dict(os.environ),
            "folder": os.getcwd(),
            "path": sys.path,
            "descriptors": sorted(int(each) for each in os.listdir("/proc/self/fd")),
            "main": sys.modules["__main__"].__spec__.name,
            "argv": sys.argv,
            "random": random.random(),
            "group": os.getpgrp(), "session": os.getsid(0), "pid": os.getpid(),
            "blocked": [int(each) for each in signal.pthread_sigmask(signal.SIG_BLOCK, [])],
            "child": signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL,
            "writes": sys.dont_write_bytecode,
            "stdin": os.read(0, 1).decode(),
            "executable": sys.executable,
            "name": open("/proc/self/comm").read().strip(),
        }
        print(json.dumps(known))
        sys.stdout.flush()
        os._exit(9)
    def handle():
        return "never"
"""


class Birth:
    """What a process that is born with these has written, and its exit code."""

    def __init__(self, folder, source=PROBE, **environment):
        self.folder = folder
        (folder / "handler.py").write_text(textwrap.dedent(source))
        self.environment = {
            "PATH": os.environ["PATH"],
            "WHERRY_HANDLER": str(folder),
            "WHERRY_METRICS_PORT": "off",
            **environment,
        }

    async def run(self, nursery, **options):
        pipes = [os.pipe() for _ in range(3)]
        listener = socket.socket(socket.AF_UNIX)
        try:
            child = await nursery.start(
                self.environment,
                folder=self.folder,
                stdout=pipes[0][1],
                stderr=pipes[1][1],
                listener=listener.fileno(),
                ready=pipes[2][1],
                **options,
            )
        except LocalError:
            for end, _ in pipes:
                os.close(end)
            raise
        finally:
            for _, end in pipes:
                os.close(end)
            listener.close()
        said = [await asyncio.to_thread(_read, end) for end, _ in pipes]
        await child.gone()
        return await child.wait(), said[0], said[1]


def _read(end):
    with os.fdopen(end) as file:
        return file.read()


def births(*wanted, **options):
    async def run():
        nursery = Nursery()
        await nursery.open()
        try:
            return [await each.run(nursery, **options) for each in wanted]
        finally:
            await nursery.close()

    return asyncio.run(run())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("probe")


@pytest.fixture(scope="module")
def known(folder):
    [(code, out, err)] = births(Birth(folder, A="1", PYTHONPATH="lib", WHERRY_FUNCTION="probe"))
    assert (code, err) == (9, "")
    return json.loads(out)


def test_it_has_the_environment_and_the_folder_that_it_was_given(known, folder):
    assert known["environment"] == {
        "WHERRY_LISTEN_FD": "3",
        "WHERRY_READY_FD": "4",
        "A": "1",
        "PATH": os.environ["PATH"],
        "PYTHONPATH": "lib",
        "WHERRY_FUNCTION": "probe",
        "WHERRY_HANDLER": str(folder),
        "WHERRY_METRICS_PORT": "off",
    }
    assert known["folder"] == str(folder)
    assert known["stdin"] == ""


def test_a_variable_of_any_bytes_is_handed_on(folder):
    odd = os.fsdecode(b"\xff\xfe=\xc3\xa4 \\u00e4")
    [(code, out, err)] = births(Birth(folder, ODD=odd))
    assert (code, err) == (9, "")
    assert json.loads(out)["environment"]["ODD"] == odd


def test_it_finds_modules_as_a_fresh_interpreter_would(known, folder):
    assert known["path"][0] == str(folder / "lib")
    assert not {"", "/", os.getcwd()} & set(known["path"])
    assert known["main"] == "wherry.__main__"
    assert known["argv"][0].endswith("wherry/__main__.py")
    assert known["executable"] == sys.executable


def test_it_holds_no_descriptor_but_its_own(known):
    # 6 is that of the listing itself.
    assert known["descriptors"][:7] == [0, 1, 2, 3, 4, 5, 6]
    assert len(known["descriptors"]) <= 8


def test_it_leads_a_session_and_a_group_and_takes_signals_as_usual(known):
    assert known["pid"] == known["group"] == known["session"]
    assert known["blocked"] == []
    assert known["child"]
    assert known["name"] == "probe"


def test_no_two_have_the_same_random_numbers(tmp_path):
    found = births(*(Birth(tmp_path) for _ in range(3)))
    assert len({json.loads(out)["random"] for _, out, _ in found}) == 3


def test_an_edit_of_the_same_size_in_the_same_second_is_never_taken_for_the_old_code(tmp_path):
    def write(number, word):
        sources = {
            "beside.py": f"N = {number}\n",
            "handler.py": f"import beside\nraise ValueError(f'{{beside.N}} {word}')\n",
        }
        for name, source in sources.items():
            (tmp_path / name).write_text(source)
            os.utime(tmp_path / name, (1_000_000_000, 1_000_000_000))

    async def run():
        nursery = Nursery()
        await nursery.open()
        birth = Birth(tmp_path, PYTHONDONTWRITEBYTECODE="")
        try:
            write(4, "one")
            for name in ("beside.py", "handler.py"):  # as a test run beside it would
                py_compile.compile(str(tmp_path / name))
            _, _, first = await birth.run(nursery)
            write(5, "two")
            _, _, second = await birth.run(nursery)
        finally:
            await nursery.close()
        return first, second

    first, second = asyncio.run(run())
    assert "4 one" in first and "5 two" in second
    assert len(list(tmp_path.rglob("*.pyc"))) == 2


def test_a_program_is_executed_in_its_place(tmp_path):
    program = tmp_path / "program"
    program.write_text('#!/bin/sh\necho "$WHERRY_LISTEN_FD $A $(pwd)"; exit 5\n')
    program.chmod(0o755)
    assert births(Birth(tmp_path, A="x"), program=[str(program)]) == [(5, f"3 x {tmp_path}\n", "")]


def test_what_cannot_be_executed_or_entered_is_said(tmp_path):
    [(code, _, err)] = births(Birth(tmp_path), program=[str(tmp_path / "absent")])
    assert (code, err) == (
        3,
        f"error: {tmp_path}/absent cannot be run: No such file or directory\n",
    )
    gone = Birth(tmp_path)
    gone.folder = tmp_path / "gone"
    [(code, _, err)] = births(gone)
    assert (code, err) == (3, f"error: {tmp_path}/gone: No such file or directory\n")


def test_an_environment_that_is_longer_than_a_socket_takes_at_once_arrives(tmp_path):
    [(code, out, _)] = births(Birth(tmp_path, **{f"V{n}": "x" * 100_000 for n in range(10)}))
    assert code == 9
    assert json.loads(out)["environment"]["V9"] == "x" * 100_000


def test_nothing_is_born_after_the_end(tmp_path):
    async def run():
        nursery = Nursery()
        await nursery.open()
        zygote = nursery.pid
        await nursery.close()
        assert not os.path.exists(f"/proc/{zygote}")  # noqa: ASYNC240
        with pytest.raises(LocalError):
            await Birth(tmp_path).run(nursery)

    asyncio.run(run())


def test_the_zygote_has_one_thread_and_few_descriptors():
    async def run():
        nursery = Nursery()
        await nursery.open()
        proc = Path(f"/proc/{nursery.pid}")
        try:
            return len(list((proc / "task").iterdir())), len(list((proc / "fd").iterdir()))
        finally:
            await nursery.close()

    threads, held = asyncio.run(run())
    assert threads == 1
    assert held <= 6
