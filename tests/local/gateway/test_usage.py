"""What replicas use, as the system tells it of this very process."""

import os
from types import SimpleNamespace

from wherry_local.gateway.usage import usage_of


def replicas(*pids):
    return SimpleNamespace(replicas=[SimpleNamespace(pid=pid) for pid in pids])


def test_memory_and_processor_of_a_process_are_known():
    one = usage_of(replicas(os.getpid()))
    assert one["totalMemoryBytes"] > 10_000_000
    assert 0 < one["cpu"] < 100_000
    assert (
        usage_of(replicas(os.getpid(), os.getpid()))["totalMemoryBytes"] > one["totalMemoryBytes"]
    )


def test_what_is_gone_or_has_no_process_uses_nothing():
    nothing = {"cpu": 0, "totalMemoryBytes": 0}
    assert usage_of(replicas()) == nothing
    assert usage_of(replicas(None, 2**22 + 1)) == nothing
