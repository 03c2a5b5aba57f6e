"""What is left behind when a replica, the zygote or the platform ends, however it does: nothing."""

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from wherry_local.zygote import client

from .stage import DEADLINE_S, HELLO, RUDE, eventually, is_alive, play, signal_process


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
