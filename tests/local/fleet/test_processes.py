"""A fleet of real processes: cold starts, crashes, edits under load, interpreters, secrets."""

import asyncio
import signal
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

import wherry
from wherry_local.deployment import FunctionKey
from wherry_local.fleet.replica import NoReplica
from wherry_local.fleet.watching import Watching

from .stage import HELLO, RUDE, descriptors, eventually, is_alive, play, signal_process

BROKEN = """
    import no_such_module
    def handle():
        return "broken"
"""


def test_a_burst_on_a_function_that_sleeps_is_answered_by_one_start(tmp_path):
    async def scene(stage):
        await stage.put("hello", HELLO)
        assert stage["hello"].available == 0
        answers = await asyncio.gather(*(stage.call("hello") for _ in range(200)))
        assert set(answers) == {(200, "one")}
        assert stage["hello"].available == 1

    play(tmp_path, scene)


def test_a_broken_import_is_told_once_and_refused_at_once_until_it_is_mended(tmp_path):
    async def scene(stage):
        await stage.put("hello", BROKEN)
        calls = [stage.call("hello") for _ in range(10)]
        refused = await asyncio.gather(*calls, return_exceptions=True)
        assert {(type(each), each.status) for each in refused} == {(NoReplica, 502)}
        fault = stage["hello"].fault
        assert "module 'no_such_module' is not installed" in fault.splitlines()[0]
        assert "hint: pip install" in fault
        assert "Traceback" not in fault
        assert len(stage.told("hello")) == 1
        stage.write("hello", HELLO)
        await stage.fleet.renew(stage["hello"].deployment.key)
        assert await stage.call("hello") == (200, "one")
        assert stage["hello"].fault is None

    play(tmp_path, scene)


def test_starts_that_fail_or_are_given_up_leave_no_descriptor(tmp_path):
    async def scene(stage):
        await stage.put("hello", HELLO, initial=1)
        held = set()
        for turn in range(12):
            stage.write("hello", BROKEN if turn % 2 else HELLO)
            await stage.fleet.renew(stage["hello"].deployment.key)
            await asyncio.sleep(0)
            await stage.fleet.renew(stage["hello"].deployment.key)
            await stage["hello"].settled()
            await eventually(lambda: len(stage["hello"]._tasks) == 1)  # it waits for the end
            held.add(descriptors())
        assert len(held) == 1
        assert await stage.call("hello") == (200, "one")

    play(tmp_path, scene)


@pytest.mark.parametrize(("way", "said"), [("exit", "exit code 7"), ("kill", "ended by SIGKILL")])
def test_a_replica_that_dies_in_a_call_costs_that_call_alone(tmp_path, way, said):
    async def scene(stage):
        await stage.put("rude", RUDE)
        assert await stage.call("rude", f"/{way}") == (0, "")
        assert said in (await eventually(lambda: stage.told("rude")))[0]
        assert (await stage.call("rude", "/who"))[0] == 200

    play(tmp_path, scene)


def test_from_nothing_to_many_and_back_leaves_no_descriptor_and_no_process(tmp_path):
    async def scene(stage):
        replicas = await stage.put("hello", HELLO)
        before, seen = None, set()
        for _ in range(4):
            assert await stage.call("hello") == (200, "one")
            replicas.scale_to(3, "a test")
            await replicas.settled()
            assert replicas.available == 3
            seen |= {each.pid for each in replicas.replicas}
            replicas.scale_to(0, "a test")
            await eventually(lambda: not replicas._leaving and not replicas._tasks)
            before = descriptors() if before is None else before
        assert descriptors() <= before
        assert len(seen) == 12
        assert not any(map(is_alive, seen))
        assert not list(stage.state.sockets.glob("*.sock"))

    play(tmp_path, scene)


async def reload_under_load(stage, calls, edits):
    """Edit while calls go on; how many of them failed, and the last answer."""
    await stage.put("hello", HELLO)
    failed, left = [], calls

    async def caller():
        nonlocal left
        while left > 0:
            left -= 1
            status, body = await stage.call("hello")
            if status != 200:
                failed.append((status, body))

    callers = asyncio.gather(*(caller() for _ in range(8)))
    for number in range(edits):
        stage.write("hello", f"def handle():\n    return 'edit {number}'\n")
        await stage.fleet.renew(stage["hello"].deployment.key)
        await stage["hello"].settled()
    await callers
    return failed, await stage.call("hello")


def test_edits_under_load_fail_no_call(tmp_path):
    async def scene(stage):
        assert await reload_under_load(stage, 800, 6) == ([], (200, "edit 5"))

    play(tmp_path, scene)


@pytest.mark.hardening
@pytest.mark.timeout(600)
def test_edits_under_load_fail_none_of_ten_thousand_calls_again_and_again(tmp_path):
    async def scene(stage):
        for _ in range(3):
            assert await reload_under_load(stage, 10_000, 40) == ([], (200, "edit 39"))
            await stage.fleet.remove(stage["hello"].deployment.key)

    play(tmp_path, scene)


def test_a_save_is_served_a_broken_one_is_told_and_the_code_before_goes_on(tmp_path):
    async def scene(stage):
        await stage.put("hello", HELLO, initial=1)
        watching = Watching(stage.fleet)
        watching.start()
        try:
            await asyncio.sleep(0)  # it watches from its first step on
            stage.write("hello", HELLO.replace("one", "two"))
            await eventually(lambda: "renewed" in stage.told("hello"))
            assert await stage.call("hello") == (200, "two")
            stage.write("hello", "def handle(:\n")
            await eventually(lambda: stage["hello"].fault)
            assert "handler.py, line 1" in stage["hello"].fault
            assert await stage.call("hello") == (200, "two")
            stage["hello"].scale_to(0, "a test")
            stage.write("hello", "def handle(request:\n    return 1\n")
            await eventually(lambda: "was never closed" in (stage["hello"].fault or ""))
            stage.write("hello", HELLO.replace("one", "six"))
            await eventually(lambda: stage["hello"].fault is None)
            assert await stage.call("hello") == (200, "six")
        finally:
            await watching.stop()

    play(tmp_path, scene)


HELD = """
    import os, time
    def handle():
        while not os.path.exists(os.environ["GATE"]):
            time.sleep(0.01)
        return "done"
"""


def test_a_function_that_is_removed_finishes_what_it_has(tmp_path):
    async def scene(stage):
        released = tmp_path / "released"
        replicas = await stage.put("slow", HELD, environment={"GATE": str(released)}, initial=1)
        call = asyncio.ensure_future(stage.call("slow"))
        await eventually(lambda: replicas.in_flight)
        await stage.fleet.remove(replicas.deployment.key)
        assert stage["slow"] is None
        with pytest.raises(NoReplica) as refused:
            await replicas.claim()
        assert refused.value.status == 404
        assert not call.done()
        released.touch()
        assert await call == (200, "done")

    play(tmp_path, scene)


OWN = """
    import os, sys
    def handle():
        return f"{sys.prefix} {sys.flags.hash_randomization} {os.getppid()}"
"""


def test_what_an_interpreter_reads_at_its_start_is_read(tmp_path):
    async def scene(stage):
        await stage.put("own", OWN, environment={"PYTHONHASHSEED": "0"})
        assert await stage.call("own") == (200, f"{sys.prefix} 0 {stage.nursery.pid}")

    play(tmp_path, scene)


def test_a_function_with_an_environment_of_its_own_is_run_by_the_interpreter_there(tmp_path):
    venv.create(tmp_path / "own" / ".venv", with_pip=False)
    found = sysconfig.get_path("purelib", vars={"base": str(tmp_path / "own" / ".venv")})
    paths = [Path(wherry.__file__).parent.parent, sysconfig.get_path("purelib")]
    Path(found, "wherry.pth").write_text("".join(f"{each}\n" for each in paths))

    async def scene(stage):
        replicas = await stage.put("own", OWN)
        status, said = await stage.call("own")
        assert (status, said.split()[0]) == (200, str(tmp_path / "own" / ".venv"))
        pid = replicas.replicas[0].pid
        signal_process(stage.nursery.pid, signal.SIGKILL)
        await eventually(lambda: not is_alive(pid) and not replicas.available)
        assert (await stage.call("own"))[0] == 200

    play(tmp_path, scene)


LEAKY = """
    import os
    from pathlib import Path
    KEY = Path(os.environ["WHERRY_SECRETS_PATH"], "key").read_text()
    print("at import", KEY)
    def handle():
        os.write(2, f"past the runtime {KEY}\\n".encode())
        print("in a call", KEY)
        return KEY
"""


def test_a_secret_is_never_kept_however_it_is_written(tmp_path):
    async def scene(stage):
        key = FunctionKey("leaky")
        folder = stage.state.mounts / key.namespace / key.name
        folder.mkdir(parents=True)
        (folder / "key").write_text("s3cr3t-value")
        await stage.put("leaky", LEAKY)
        assert await stage.call("leaky") == (200, "s3cr3t-value")
        said = await eventually(
            lambda: (all_of := stage.journal.read(key, containing="[redacted]"))[2:] and all_of
        )
        assert {each.text.rpartition(" ")[0] for each in said} == {
            "at import", "past the runtime", "in a call"
        }  # fmt: skip
        kept = b"".join(each.read_bytes() for each in stage.state.logs.iterdir())
        assert b"s3cr3t" not in kept

    play(tmp_path, scene)
