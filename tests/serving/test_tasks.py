"""Calls of an async handler: which answers travel together, and which wait for nobody."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from wherry.metrics import Ledger
from wherry.reply import Reply
from wherry.serving import tasks
from wherry.serving.tasks import Tasks


class Engine:
    """Notes what is called and what is answered."""

    handler: Any = None

    def __init__(self, inflight: int = 100) -> None:
        self.limits = SimpleNamespace(inflight=inflight)
        self.unanswered: dict[Any, None] = {}
        self.seen: list[str] = []
        self.fails = ""

    async def call_async(self, _handler: object, exchange: Any) -> Reply:
        await asyncio.sleep(0)
        self.seen.append(f"call {exchange.name}")
        return Reply(200, [])

    def claim(self, exchange: Any) -> bool:
        return self.unanswered.pop(exchange, 0) is None

    def finish(self, exchange: Any, _reply: Reply, _shard: object) -> None:
        if exchange.name == self.fails:
            raise RuntimeError("what no answer should do")
        self.seen.append(f"answer {exchange.name}")

    def leave(self, exchange: Any) -> None:
        self.seen.append(f"leave {exchange.name}")


class Exchange:
    """A request that is known by its name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.task: asyncio.Task[None] | None = None


async def run(engine: Engine, names: str) -> list[str]:
    """Submit a call for each name in one turn, and wait until all is done."""
    made = Tasks(engine, asyncio.get_running_loop(), Ledger().shard())
    exchanges = [Exchange(name) for name in names]
    for each in exchanges:
        engine.unanswered[each] = None
        made.submit(each)
    await asyncio.gather(*[each.task for each in exchanges if each.task is not None])
    for _ in range(3):
        await asyncio.sleep(0)
    return [each for each in engine.seen if not each.startswith("leave")]


@pytest.mark.parametrize("together", [True, False])
def test_calls_that_end_in_one_turn_are_answered_together(
    monkeypatch: pytest.MonkeyPatch, together: bool
):
    monkeypatch.setattr(tasks, "TOGETHER_S", 60.0 if together else -1.0)
    seen = asyncio.run(run(Engine(), "abc"))
    calls, answers = [f"call {name}" for name in "abc"], [f"answer {name}" for name in "abc"]
    in_turn = [each for pair in zip(calls, answers, strict=True) for each in pair]
    assert seen == (calls + answers if together else in_turn)


def test_an_answer_that_fails_costs_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(tasks, "TOGETHER_S", 60.0)
    engine = Engine()
    engine.fails = "a"
    seen = asyncio.run(run(engine, "abc"))
    assert seen[-2:] == ["answer b", "answer c"]
    assert "did not foresee" in caplog.text
