"""The queue against a plain model of it: any order of steps, with restarts in between."""

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.local.queue.stands import JumpingClock, SqliteStand, attempt, event, to

from wherry_local.queue.bounds import Bounds
from wherry_local.queue.contract import KeyTaken, QueueFull
from wherry_local.queue.delivery import Settlement, State

BOUNDS = Bounds(
    pending_messages=6,
    reserve=0.5,
    finished_messages=1_000,
    finished_age_s=1e12,  # a clock that is years ahead after a restart makes all history old
    cached_bytes=2_000,
)
OVER = {State.DELIVERED, State.DEAD, State.CANCELLED}


@dataclass
class Copy:
    """What a delivery ought to be; of its lost leases `counted` are in the file already."""

    due: float
    delay_s: float = 0.0
    state: State = State.DUE
    tries: int = 0
    lost: int = 0
    counted: int = 0
    until: float = 0.0
    token: int = 0


@dataclass
class Model:
    """All messages by key, each with its deliveries by subscriber."""

    now: float = 0.0
    messages: dict = field(default_factory=dict)

    def waiting(self):
        return sum(
            any(copy.state not in OVER for copy in copies.values())
            for copies in self.messages.values()
        )

    def store(self, key, subscribers):
        self.messages[key] = {name: Copy(due=self.now) for name in subscribers}

    def expire(self):
        """As when somebody looks for what is due; until then who holds a lease still holds it."""
        for copy in self.copies():
            if copy.state is State.LEASED and copy.until <= self.now:
                copy.state, copy.due = State.DUE, copy.until
                copy.lost += 1

    def written(self):
        """As when something was waited for: every lease before it is in the file by then."""
        for copy in self.copies():
            copy.counted = copy.lost + (copy.state is State.LEASED)

    def copies(self):
        return [copy for copies in self.messages.values() for copy in copies.values()]


class QueueMachine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.loop = asyncio.new_event_loop()
        self.stand = SqliteStand(Path(self.folder.name))
        self.clock = JumpingClock()
        self.model = Model()
        self.leases = []
        self.keys = 0
        self.queue = self.do(self.stand.open(BOUNDS, self.clock))

    def do(self, work):
        return self.loop.run_until_complete(work)

    def teardown(self):
        self.do(self.queue.close())
        self.loop.close()
        self.folder.cleanup()

    def key(self):
        self.keys += 1
        return f"m{self.keys}"

    @rule(names=st.sets(st.sampled_from("abc")), size=st.sampled_from([0, 3_000]))
    def accept(self, names, size):
        key, names = self.key(), sorted(names)
        full = self.model.waiting() >= BOUNDS.pending_messages
        try:
            self.do(self.queue.accept(to(event(key, body=b"x" * size), *names)))
        except QueueFull:
            assert full
        else:
            assert not full
            self.model.store(key, names)
            self.model.written()

    @precondition(lambda self: self.model.messages)
    @rule(data=st.data())
    def accept_again(self, data):
        key = data.draw(st.sampled_from(sorted(self.model.messages)))
        try:
            self.do(self.queue.accept(to(event(key), "a")))
        except KeyTaken:
            return
        raise AssertionError("a key was taken twice")

    @rule(most=st.integers(1, 4), lease_s=st.sampled_from([5, 50]), lane=st.sampled_from("abc."))
    def lease(self, most, lease_s, lane):
        def room(found):
            return 0 if found[1] == lane else 9

        self.model.expire()
        leased = self.do(self.queue.lease(most, lease_s, room=room))
        due = sorted(
            (copy.due, int(key[1:]), name)
            for key, copies in self.model.messages.items()
            for name, copy in copies.items()
            if copy.state is State.DUE and copy.due <= self.model.now and name != lane
        )
        assert len(leased) == min(most, len(due))
        dues = []
        for each in leased:
            copy = self.model.messages[each.message.key][each.subscriber]
            assert copy.state is State.DUE
            assert copy.due <= self.model.now
            assert each.lost == copy.lost
            assert each.attempts == copy.tries
            assert each.token > copy.token
            dues.append(copy.due)
            copy.state, copy.until = State.LEASED, self.model.now + lease_s
            copy.token = each.token
            self.leases.append(each)
        assert dues == [due for due, _, _ in due[:most]]

    def holding(self, leased):
        copy = self.model.messages[leased.message.key][leased.subscriber]
        return copy if copy.state is State.LEASED and copy.token == leased.token else None

    @precondition(lambda self: self.leases)
    @rule(
        data=st.data(),
        state=st.sampled_from([State.DELIVERED, State.DEAD, State.DUE]),
        delay_s=st.sampled_from([0, 7, 70]),
        counted=st.booleans(),
        replies=st.integers(0, 2),
    )
    def settle(self, data, state, delay_s, counted, replies):
        leased = data.draw(st.sampled_from(self.leases))
        copy = self.holding(leased)
        keys = [self.key() for _ in range(replies)]
        follows = tuple(to(event(key, parent=leased.number), "b") for key in keys)
        settlement = Settlement(
            state=state,
            attempt=attempt() if counted else None,
            delay_s=delay_s if state is State.DUE else 0,
            follows=follows,
        )
        try:
            done = self.do(self.queue.settle(leased, settlement))
        except QueueFull:
            assert copy is not None
            assert self.model.waiting() + replies > BOUNDS.pending_messages
            return
        assert done is (copy is not None)
        if copy is not None:
            copy.state, copy.lost = state, 0
            copy.tries += counted
            copy.due, copy.delay_s = self.model.now + delay_s, delay_s
            for key in keys:
                self.model.store(key, ["b"])
            self.model.written()

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), lease_s=st.sampled_from([1, 60]))
    def extend(self, data, lease_s):
        leased = data.draw(st.sampled_from(self.leases))
        copy = self.holding(leased)
        assert self.do(self.queue.extend(leased, lease_s)) is (copy is not None)
        if copy is not None:
            copy.until = self.model.now + lease_s

    @precondition(lambda self: self.model.messages)
    @rule(data=st.data())
    def cancel(self, data):
        key = data.draw(st.sampled_from(sorted(self.model.messages)))
        due = [copy for copy in self.model.messages[key].values() if copy.state is State.DUE]
        assert self.do(self.queue.cancel(key)) == len(due)
        for copy in due:
            copy.state = State.CANCELLED
        if due:
            self.model.written()

    @rule(seconds=st.sampled_from([1, 6, 60, 600]))
    def wait(self, seconds):
        self.clock.run(seconds)
        self.model.now += seconds

    @rule(seconds=st.sampled_from([-1e8, -3_600, 3_600, 1e8]))
    def jump(self, seconds):
        self.clock.at += seconds

    @rule(gone_s=st.sampled_from([0, 30, -30]), written=st.booleans())
    def crash(self, gone_s, written):
        """Killed, and up again when the wall's clock shows so much more or less.

        Leases since something was waited for may not be in the file yet: each is lost or was never.
        """
        if written:
            self.do(self.stand.written(self.queue))
            self.model.written()
        self.clock = self.clock.restarted(wall=self.clock.at + gone_s)
        self.queue = self.do(self.stand.crash(self.queue, BOUNDS, self.clock))
        for key, copies in self.model.messages.items():
            for each in self.do(self.queue.message(key))[1]:
                if each.due_at is not None:
                    lost = self.queue._pending.deliveries[each.number].lost
                    self.resume(copies[each.subscriber], lost, each.due_at - self.clock.at)

    def resume(self, copy, lost, left_s):
        """What a copy is after a crash, if the queue may say of it what it does."""
        most = copy.lost + (copy.state is State.LEASED)
        assert copy.counted <= lost <= most
        if copy.state is State.LEASED and lost == most:
            copy.delay_s = 0.0  # its lease is void, and it is due at once
        # How long the rest still waits depends on the clocks: never longer than was said.
        assert left_s <= copy.delay_s + 0.001
        copy.state, copy.due = State.DUE, self.model.now + left_s
        copy.lost = copy.counted = lost

    @invariant()
    def agrees(self):
        for key, copies in self.model.messages.items():
            message, deliveries = self.do(self.queue.message(key))
            assert message.key == key
            found = {each.subscriber: each for each in deliveries}
            assert found.keys() == copies.keys()
            for name, copy in copies.items():
                each = found[name]
                assert each.state is copy.state, (key, name, each, copy)
                assert each.tries == copy.tries
        counts = self.do(self.queue.counts())
        total = sum(len(copies) for copies in self.model.messages.values())
        assert sum(counts.values()) == total

    @invariant()
    def wakes_in_time(self):
        next_s = self.do(self.queue.next_due_s())
        dues = [copy.due for copy in self.model.copies() if copy.state is State.DUE]
        dues += [copy.until for copy in self.model.copies() if copy.state is State.LEASED]
        expected = min(dues, default=None)
        if expected is None:
            assert next_s is None
        else:
            assert abs(next_s - max(0.0, expected - self.model.now)) < 0.001


def steps(examples):
    return settings(
        max_examples=examples,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def test_some_orders_of_steps():
    run_state_machine_as_test(QueueMachine, settings=steps(12))


@pytest.mark.hardening
@pytest.mark.timeout(900)
def test_many_orders_of_steps():
    run_state_machine_as_test(QueueMachine, settings=steps(600))
