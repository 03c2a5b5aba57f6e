"""A process with a queue and its dispatcher that somebody will kill: QUEUE DELIVERED [RUN].

With RUN it accepts messages without end and prints the key of each when that is done; without, it
delivers what there is, prints the keys of what is dead, and ends.
"""

import asyncio
import os
import sys
from pathlib import Path

from tests.local.queue.stands import DEAD, call, event, to

from wherry_local.queue.contract import QueueFull
from wherry_local.queue.delivery import Kind, Settlement, State
from wherry_local.queue.dispatch import Dispatcher
from wherry_local.queue.sqlite import SqliteQueue

SENDERS = 4


def wants(leased):
    """What comes of a try, by the key: most are delivered, some late, some with a reply, or not."""
    kind = sum(leased.message.key.encode()) % 10
    if kind == 0:
        return DEAD
    if kind == 1 and leased.attempts < 2:
        return Settlement(state=State.DUE, attempt=DEAD.attempt, delay_s=0.01)
    follows = ()
    if kind == 2 and leased.subscriber == "one" and leased.message.parent is None:
        reply = event(f"{leased.message.key}-reply", parent=leased.number)
        follows = (to(reply, "one"),)
    return Settlement(state=State.DELIVERED, attempt=DEAD.attempt, follows=follows)


class Notes:
    """A courier that writes down what it delivers, before anybody knows."""

    def __init__(self, path):
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    async def deliver(self, leased):
        await asyncio.sleep(0.002)
        settlement = wants(leased)
        if settlement.state is State.DELIVERED:
            os.write(self._file, f"{leased.message.key} {leased.subscriber}\n".encode())
        return settlement

    def give_up(self, leased, attempt):
        return Settlement(state=State.DEAD, attempt=attempt)


async def send(queue, run, sender):
    number = 0
    while True:
        number += 1
        key = f"{run}-{sender}-{number}"
        try:
            if number % 2:
                await queue.accept(to(event(key, body=b"x" * (number * 997 % 9_000)), "one", "two"))
            else:
                await queue.accept(to(call(key), "one"))
        except QueueFull:
            await asyncio.sleep(0.01)
            continue
        os.write(1, f"{key} {2 if number % 2 else 1}\n".encode())
        await asyncio.sleep(0.001)


async def drain(queue):
    while any(s in {State.DUE, State.LEASED} for _, s in await queue.counts()):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    before = None
    while page := await queue.messages(states=(State.DEAD,), before=before):
        before = page[-1][0]
        for _, message, deliveries in page:
            for each in deliveries:
                if each.state is State.DEAD:
                    os.write(1, f"{message.key} {each.subscriber}\n".encode())


async def opened(place):
    """The queue in a file, or in the stream of its own on a server that `nats://...#NAME` says."""
    if not place.startswith("nats://"):
        return SqliteQueue(Path(place))
    from wherry_local.queue.jetstream import JetStreamQueue

    url, _, name = place.partition("#")
    return await JetStreamQueue.open(url, name=name)


async def main(path, delivered, run=""):
    queue = await opened(path)
    dispatcher = Dispatcher(queue, dict.fromkeys(Kind, Notes(delivered)))
    dispatcher.start()
    if run:
        await asyncio.gather(*(send(queue, run, sender) for sender in range(SENDERS)))
    await drain(queue)
    await dispatcher.stop()
    await queue.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
