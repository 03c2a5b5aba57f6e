"""The family of an event: bounded, whatever it is."""

import asyncio

import pytest
from tests.local.console.documents import event
from tests.local.console.recorder import Recorder

from wherry_local.console import lineage
from wherry_local.console.api import ApiRefused


def shown(node):
    return {node.event["key"]: [shown(each) for each in node.replies]}


def test_before_and_after():
    api = Recorder(
        events=[
            event("k-1", replies=["k-2", "k-3"]),
            event("k-2", parent="k-1", replies=["k-4"]),
            event("k-3", parent="k-1"),
            event("k-4", parent="k-2"),
        ]
    )
    root, _, _, last = api.events
    assert shown(asyncio.run(lineage.after(api, root))) == {
        "k-1": [{"k-2": [{"k-4": []}]}, {"k-3": []}]
    }
    assert [each["key"] for each in asyncio.run(lineage.before(api, last))] == ["k-1", "k-2"]


def test_what_is_forgotten_is_left_out():
    api = Recorder(events=[event("k-2", parent="k-1", replies=["k-3"])])
    assert asyncio.run(lineage.before(api, api.events[0])) == []
    assert shown(asyncio.run(lineage.after(api, api.events[0]))) == {"k-2": []}


def test_a_loop_ends():
    api = Recorder(
        events=[
            event("k-1", parent="k-2", replies=["k-2", "k-1"]),
            event("k-2", parent="k-1", replies=["k-1"]),
        ]
    )
    assert shown(asyncio.run(lineage.after(api, api.events[0]))) == {"k-1": [{"k-2": []}]}
    assert [e["key"] for e in asyncio.run(lineage.before(api, api.events[0]))] == ["k-2"]


def test_a_long_line_is_cut():
    chain = [event(f"k-{n}", parent=f"k-{n - 1}", replies=[f"k-{n + 1}"]) for n in range(1, 200)]
    api = Recorder(events=chain)
    node, depth = asyncio.run(lineage.after(api, chain[0])), 0
    while node.replies:
        node, depth = node.replies[0], depth + 1
    assert depth == lineage.MOST_AFTER and node.more
    before = asyncio.run(lineage.before(api, chain[-1]))
    assert len(before) == lineage.MOST_BEFORE


def test_many_replies_are_cut():
    wide = event("k-1", replies=[f"k-{n}" for n in range(2, 102)])
    api = Recorder(events=[wide, *(event(f"k-{n}", parent="k-1") for n in range(2, 102))])
    node = asyncio.run(lineage.after(api, wide))
    assert len(node.replies) == lineage.MOST_AFTER and node.more


def test_a_platform_that_fails_is_not_a_family_that_ends():
    class Full(Recorder):
        async def get(self, path, query=None):
            raise ApiRefused(503, "no")

    with pytest.raises(ApiRefused):
        asyncio.run(lineage.after(Full(), event("k-1", replies=["k-2"])))
