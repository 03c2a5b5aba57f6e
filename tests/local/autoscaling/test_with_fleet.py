"""The autoscaler over real replicas: up with a burst, every call answered, and back to nothing."""

import asyncio

from tests.local.fleet.stage import eventually, play

from wherry_local.autoscaling.scaler import Autoscaler
from wherry_local.deployment import ScalePolicy

SLOW = """
    import asyncio, os

    async def handle(body: bytes):
        await asyncio.sleep(0.1)
        return str(os.getpid())
"""
POLICY = ScalePolicy(
    initial=0, target=10, utilization=0.7, most=5, window_s=2, panic_window=0.5, zero_grace_s=0.2
)


def test_a_burst_scales_to_the_most_answers_all_and_goes_back_to_zero(tmp_path):
    async def scene(stage):
        scaler = Autoscaler(stage.fleet, tick_s=0.05, first_tick_s=0.05)
        stage.fleet.observe(scaler.look)
        running = asyncio.ensure_future(scaler.run())
        hello = await stage.put("hello", SLOW, scale=POLICY, concurrency=10)
        assert hello.is_asleep

        burst = asyncio.gather(*(stage.call("hello") for _ in range(200)))
        await eventually(lambda: hello.available == 5)
        answers = await burst
        assert [status for status, _ in answers] == [200] * 200

        await eventually(lambda: hello.is_asleep)
        said = [line.text for line in stage.journal.read() if line.text.startswith("scaled")]
        assert said[0] == "scaled from 0 to 1: a call waits"
        assert said[1].startswith("scaled from 1 to 5: ")
        assert said[1].endswith(" calls in flight on average, where 7 fill a replica; 5 at most")
        assert said[-1] == "scaled from 1 to 0: it had no calls"
        assert (await stage.call("hello"))[0] == 200, "and it wakes up again"
        running.cancel()

    play(tmp_path, scene)
