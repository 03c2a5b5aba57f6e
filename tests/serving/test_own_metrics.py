"""Metrics that a function makes itself: one worker or several, and what their ends leave."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from wherry.testing import Running, running

from .conftest import FUNCTIONS, eventually
from .test_metrics import answers, call, children, scrape, scrape_after, total

MEASURED = FUNCTIONS / "measured.py"


def workers_seen(function: Running, count: int) -> set[bytes]:
    """Call until so many workers have answered."""
    seen: set[bytes] = set()

    def enough() -> bool:
        seen.add(function.invoke().body)
        return len(seen) >= count

    eventually(enough, timeout_s=30)
    return seen


def orders(function: Running) -> float:
    return total(scrape(function), "orders_total")


@pytest.mark.parametrize("accept", ["", "application/openmetrics-text"])
def test_one_worker(accept):
    with running(MEASURED) as function:
        call(function, 3)
        text = scrape_after(function, 3, accept)
        assert total(text, "orders_total", shop="main") == 3
        assert total(text, "stock") == 7
        assert total(text, "http_requests_total") == 3  # ours, and nobody else's
        assert "Wherry has one so named" in function.log


def test_all_workers_together():
    with running(MEASURED, WHERRY_WORKERS="2") as function:
        workers_seen(function, 2)
        call(function, 50)
        known = orders(function)  # the function counts before it answers
        assert known >= 52
        scrape_after(function, known)
        for _ in range(4):  # whichever worker is asked
            text = scrape(function)
            assert orders(function) == total(text) == known
            assert total(text, "order_size_count") == total(text, "order_weight_count") == known
            assert total(text, "order_size_bucket", le="10.0") == known
            assert total(text, "queue") == 4
            assert total(text, "peak") == 1
            assert total(text, "shop_info", town="Bergen") == 1
            assert [total(text, "stock", worker=str(each)) for each in (0, 1)] == [7, 7]
        names = [family.name for family in text_string_to_metric_families(text)]
        assert len(names) == len(set(names))


def test_each_worker_has_a_process():
    with running(MEASURED, WHERRY_WORKERS="2") as function:
        for worker in ("0", "1"):
            eventually(
                lambda name=worker: (
                    total(scrape(function), "process_resident_memory_bytes", worker=name)
                    > 1_000_000
                )
            )
            assert total(scrape(function), "process_open_fds", worker=worker) > 3


def test_no_count_goes_backwards_when_workers_are_replaced():
    before = set(Path("/tmp").iterdir())
    with running(MEASURED, WHERRY_WORKERS="2") as function:
        call(function, 40)
        known = orders(function)
        assert known == 40
        for _ in range(3):
            victims = children(function.process.pid)
            for worker in victims:
                os.kill(worker, signal.SIGKILL)
            eventually(lambda gone=victims: set(children(function.process.pid)).isdisjoint(gone))
            eventually(lambda: answers(function))
            text = scrape(function)
            assert total(text, "orders_total") >= known
            # The dead are forgotten: nobody has stock, where nobody has been asked for it.
            assert total(text, "queue") in {2, 4}
            call(function, 10)
            known = orders(function)
        assert known >= 70
        files = os.listdir(f"/proc/{children(function.process.pid)[0]}/fd")
        assert len(files) < 64
    left = {path.name for path in set(Path("/tmp").iterdir()) - before}
    assert not [name for name in left if name.endswith(".db")]


def test_a_supervised_worker_hands_its_counts_to_its_successor():
    with running(MEASURED, WHERRY_SUPERVISE="true") as function:
        call(function, 7)
        assert orders(function) == 7
        assert total(scrape(function), "stock") == 7  # and no label: there is but one worker
        [old] = children(function.process.pid)
        os.kill(function.process.pid, signal.SIGHUP)
        eventually(lambda: old not in children(function.process.pid), timeout_s=20)
        assert orders(function) == 7
        call(function, 3)
        assert orders(function) == 10


def test_a_worker_that_does_not_answer_is_shown_as_it_was(tmp_path):
    (tmp_path / "handler.py").write_text(
        "import time\n"
        "from prometheus_client import Counter\n"
        "ORDERS = Counter('orders', 'Orders.')\n"
        "async def handle(request):\n"
        "    ORDERS.inc()\n"
        "    if request.args.get('block'):\n"
        "        time.sleep(4)\n"
        "    return 'ok'\n"
    )
    with running(tmp_path, WHERRY_WORKERS="2", WHERRY_BLOCKED_LOOP="0") as function:
        call(function, 20)
        assert orders(function) == 20
        blocking = threading.Thread(target=function.invoke, kwargs={"path": "/?block=1"})
        blocking.start()
        eventually(lambda: 20 <= orders(function) <= 21)
        blocking.join(30)
        assert orders(function) == 21
