"""A fleet of real processes: cold starts, crashes, edits under load, and what is left behind."""

import asyncio
import os
import signal
import subprocess
import sys
import sysconfig
import time
import venv
from pathlib import Path

import pytest

import wherry
from wherry_local.deployment import FunctionKey
from wherry_local.fleet.replica import NoReplica
from wherry_local.fleet.watching import Watching
from wherry_local.zygote import client

from .stage import DEADLINE_S, descriptors, eventually, is_alive, play

HELLO = """
    def handle():
        return "one"
"""
BROKEN = """
    import no_such_module
    def handle():
        return "broken"
"""
RUDE = """
    import os, signal, subprocess, time
    def handle(request):
        what = request.path.strip("/")
        if what == "exit":
            os._exit(7)
        if what == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if what == "leave":
            return str(subprocess.Popen(["sleep", "1000"]).pid)
        if what == "session":
            return str(subprocess.Popen(["sleep", "1000"], start_new_session=True).pid)
        if what == "fork":
            pid = os.fork()
            if pid == 0:
                time.sleep(1000)
            return str(pid)
        return str(os.getpid())
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


@pytest.mark.parametrize("way", ["leave", "fork"])
def test_what_a_handler_leaves_behind_goes_with_its_replica(tmp_path, way):
    async def scene(stage):
        await stage.put("rude", RUDE)
        status, pid = await stage.call("rude", f"/{way}")
        assert status == 200 and is_alive(pid)
        assert (await stage.call("rude", "/who"))[0] == 200  # the parent serves on
        stage["rude"].scale_to(0, "a test")
        await eventually(lambda: not is_alive(pid))

    play(tmp_path, scene)


def test_what_a_handler_has_put_in_a_session_of_its_own_goes_with_the_platform(tmp_path):
    pids = []

    async def scene(stage):
        await stage.put("rude", RUDE)
        pids.append((await stage.call("rude", "/session"))[1])
        assert await stage.call("rude", "/exit") == (0, "")
        await eventually(lambda: stage.told("rude"))  # the next is of another replica
        pids.append((await stage.call("rude", "/session"))[1])
        assert all(pids) and all(map(is_alive, pids))

    play(tmp_path, scene)
    assert not any(map(is_alive, pids))


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


STUBBORN = """
import time
def handle():
    time.sleep(600)
"""


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_a_function_that_is_removed_holds_up_no_end(tmp_path, end):
    async def scene(stage):
        replicas = await stage.put("slow", STUBBORN, initial=1)
        (pid,) = [each.pid for each in replicas.replicas]
        call = asyncio.ensure_future(stage.call("slow"))
        await eventually(lambda: replicas.in_flight)
        await stage.fleet.remove(replicas.deployment.key)
        if end == "kill":
            stage.fleet.kill()
        else:
            await asyncio.wait_for(stage.fleet.stop(0.0), DEADLINE_S)
        await eventually(lambda: not is_alive(pid))
        assert await call == (0, "")

    play(tmp_path, scene)


def test_the_zygote_may_be_killed_at_any_time(tmp_path):
    async def scene(stage):
        await stage.put("rude", RUDE)
        _, pid = await stage.call("rude", "/who")
        zygote = stage.nursery.pid
        signal_process(zygote, signal.SIGKILL)
        await eventually(lambda: not is_alive(zygote))
        assert await stage.call("rude", "/who") == (200, pid)
        stage["rude"].scale_to(2, "a test")
        await stage["rude"].settled()
        assert stage["rude"].available == 2
        assert stage.nursery.pid != zygote
        assert await stage.call("rude", "/exit") == (0, "")
        await eventually(lambda: stage["rude"].available == 2 and not stage["rude"]._starts)

    play(tmp_path, scene)


def test_a_zygote_that_does_not_answer_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(client, "_BIRTH_S", 0.3)

    async def scene(stage):
        await stage.put("hello", HELLO)
        stopped = stage.nursery.pid
        signal_process(stopped, signal.SIGSTOP)
        assert await stage.call("hello") == (200, "one")
        assert stage.nursery.pid != stopped
        assert not is_alive(stopped)

    play(tmp_path, scene)


PLATFORM = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from stage import Stage

async def main():
    async with Stage.open(Path(sys.argv[2])) as stage:
        await stage.put("rude", initial=3)
        pids = [stage.nursery.pid, *(each.pid for each in stage["rude"].replicas)]
        pids.append((await stage.call("rude", "/leave"))[1])
        pids.append((await stage.call("rude", "/fork"))[1])
        pids.append((await stage.call("rude", "/session"))[1])
        print(*pids, flush=True)
        await asyncio.sleep(1000)

asyncio.run(main())
"""


@pytest.mark.parametrize("with_zygote", [False, True])
def test_a_platform_that_is_killed_leaves_no_process(tmp_path, with_zygote):
    folder = tmp_path / "rude"
    folder.mkdir()
    (folder / "handler.py").write_text("\n".join(x[4:] for x in RUDE.splitlines()))
    here = str(Path(__file__).parent)
    platform = subprocess.Popen(
        [sys.executable, "-c", PLATFORM, here, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        pids = [int(each) for each in platform.stdout.readline().split()]
        assert len(pids) == 7 and all(map(is_alive, pids))
        if with_zygote:
            signal_process(pids[0], signal.SIGSTOP)  # so that it does not look after the others
        platform.kill()
        platform.wait(10)
        left = pids[1:-1] if with_zygote else pids
        until = time.monotonic() + 10
        while any(map(is_alive, left)) and time.monotonic() < until:
            time.sleep(0.01)
        assert not [each for each in left if is_alive(each)]
    finally:
        platform.kill()
        platform.stdout.close()
        if with_zygote:
            signal_process(pids[-1], signal.SIGKILL)  # the zygote alone would have found it
            signal_process(pids[0], signal.SIGKILL)


def signal_process(pid, number):
    os.kill(int(pid), number)


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
