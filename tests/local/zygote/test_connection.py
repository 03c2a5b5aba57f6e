"""The zygote's connection: what it is told arrives whole, whatever becomes of those who said it."""

import asyncio
import os
import sys

from wherry_local.zygote.connection import Zygote
from wherry_local.zygote.frame import Order

LARGE = {f"LARGE_{number}": "x" * 1000 for number in range(200)}
PATIENCE_S = 60.0


def test_a_start_that_is_given_up_in_the_middle_of_its_order_does_not_spoil_the_next():
    async def run(null, ready):
        zygote = await Zygote.start()
        await asyncio.wait_for(asyncio.shield(zygote.warm), PATIENCE_S)
        descriptors = [null, null, null, ready]
        large = Order(number=0, environment=LARGE, folder="/", program=(sys.executable, "-c", ""))
        for steps in range(1, 9):
            birth = asyncio.ensure_future(zygote.bear(large, descriptors))
            for _ in range(steps):
                await asyncio.sleep(0)
            birth.cancel()
            await asyncio.wait({birth})
            assert birth.cancelled()
        small = Order(number=0, environment={}, folder="/", program=(sys.executable, "-c", ""))
        try:
            child = await asyncio.wait_for(zygote.bear(small, descriptors), PATIENCE_S)
            assert await asyncio.wait_for(child.wait(), PATIENCE_S) == 0
            assert not zygote._births
        finally:
            zygote.kill()
            await zygote.end()

    null = os.open(os.devnull, os.O_RDWR)
    reading, writing = os.pipe()
    try:
        asyncio.run(run(null, writing))
    finally:
        for descriptor in (null, reading, writing):
            os.close(descriptor)
