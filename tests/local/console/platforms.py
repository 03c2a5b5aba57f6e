"""A platform where a lot has happened, and one where nothing has."""

from tests.local.console.documents import (
    FAULT,
    LONG_TYPE,
    ago,
    delivery,
    event,
    function,
    line,
    trigger,
)
from tests.local.console.recorder import Recorder


def busy():
    """A platform where a lot has happened."""
    no_type = (
        "billing",
        "filters[0].exact.type",
        "type is 'com.acme.order.placed', expected 'com.acme.invoice.paid'",
    )
    no_source = ("audit", "filters[1].not", "what it excludes holds")
    events = [
        event(
            "k-9",
            age=2,
            deliveries=[delivery(19, "orders", "leased", tries=0, lastStatus=None)],
            mismatches=[no_type],
        ),
        event(
            "k-8",
            age=9,
            deliveries=[
                delivery(
                    18,
                    "orders",
                    "due",
                    tries=2,
                    lastStatus=503,
                    lastReason="the function answered 503",
                    nextAt=ago(-8),
                )
            ],
            mismatches=[no_type, no_source],
        ),
        event(
            "k-7",
            "com.acme.order.accepted",
            parent="k-6",
            age=31,
            deliveries=[delivery(17, "mail")],
        ),
        event(
            "k-6",
            age=31,
            deliveries=[delivery(16, "orders")],
            mismatches=[no_type],
            replies=["k-7"],
        ),
        event(
            "k-5",
            LONG_TYPE,
            age=340,
            mismatches=[
                (
                    "orders",
                    "filters[0].exact.type",
                    f"type is '{LONG_TYPE}', expected 'com.acme.order.placed'",
                )
            ],
        ),
        event(
            "k-4",
            age=4000,
            deliveries=[
                delivery(
                    14,
                    "orders",
                    "dead",
                    tries=4,
                    lastStatus=500,
                    lastReason="the function answered 500",
                    answer={"status": 500, "text": '{"title": "Internal Server Error"}'},
                    attempts=[
                        {
                            "at": ago(4000 - 2**n),
                            "ms": 12.5 * n,
                            "status": 500,
                            "reason": "the function answered 500",
                        }
                        for n in range(1, 5)
                    ],
                )
            ],
        ),
    ]
    calls = [
        {
            "id": "0d3adf1e6a7b4d0f9f2f7b1c9a1e5b11",
            "function": "thumbnail",
            "namespace": "openfaas-fn",
            "state": "due",
            "tries": 1,
            "acceptedAt": ago(20),
            "status": 503,
            "callback": None,
        },
        {
            "id": "7c1d0c2e6a7b4d0f9f2f7b1c9a1e5b22",
            "function": "hello",
            "namespace": "openfaas-fn",
            "state": "delivered",
            "tries": 1,
            "acceptedAt": ago(75),
            "status": 200,
            "callback": "http://127.0.0.1:9000/done/with/a/long/path",
        },
    ]
    lines = [
        line("order A-1 accepted: 3 pieces", age=31.2, call_id="c0ffee00c0ffee00c0ffee00c0ffee00"),
        line(
            '{"level":"info","message":"stock read","ms":4}',
            age=31.1,
            call_id="c0ffee00c0ffee00c0ffee00c0ffee00",
        ),
        line("Traceback (most recent call last):", age=9.0, stream="stderr"),
        line('  File "functions/orders/handler.py", line 24, in accept', age=9.0, stream="stderr"),
        line(
            "    pieces = sum(item['quantity'] for item in order['items'])",
            age=9.0,
            stream="stderr",
        ),
        line("KeyError: 'items'", age=9.0, stream="stderr"),
        line("Hello, Ada", name="hello", age=3.4, call_id="d00d0000d00d0000d00d0000d00d0000"),
        line(
            "replica orders-9a1x starts: 12 calls in flight, target 10", age=1.2, stream="platform"
        ),
    ]
    return Recorder(
        functions=[
            function(
                "hello",
                perSecond=12.41,
                p50Ms=3.1,
                p95Ms=7.94,
                p99Ms=22.0,
                calls=18_204,
                errors=2,
                inFlight=1,
            ),
            function(
                "orders",
                desired=3,
                replicas=3,
                availableReplicas=2,
                perSecond=148.2,
                p50Ms=41.7,
                p95Ms=120.4,
                p99Ms=310.2,
                calls=2_031_442,
                errors=51_207,
                inFlight=21,
                waiting=4,
            ),
            function(
                "stream",
                "asleep",
                desired=0,
                replicas=0,
                availableReplicas=0,
                calls=4,
                p50Ms=15_210.0,
                p95Ms=30_004.0,
                p99Ms=30_004.0,
            ),
            function("thumbnail", "failing", availableReplicas=0, fault=FAULT, revision=4),
            function("typed", "starting", availableReplicas=0),
        ],
        brokers=[
            {
                "namespace": "default",
                "name": "default",
                "url": "http://127.0.0.1:8090/default/default",
                "triggers": 4,
            }
        ],
        triggers=[
            trigger("orders"),
            trigger(
                "mail",
                "hello",
                filters=[
                    {"prefix": {"type": "com.acme.order."}},
                    {"not": {"exact": {"source": "/test"}}},
                ],
                source="file",
            ),
            trigger(
                "billing",
                None,
                uri="http://127.0.0.1:9000/billing",
                filters=[{"cesql": "type = 'com.acme.invoice.paid' AND amount > 100"}],
            ),
            trigger("audit", "typed", filters=[], path="/audit", source="handler"),
        ],
        events=events,
        calls=calls,
        lines=lines,
        routes=[
            {
                "name": "shop",
                "hosts": ["shop.localhost"],
                "path": "/orders/*",
                "function": "orders",
                "url": "http://127.0.0.1:8080/function/orders",
            }
        ],
    )


def idle():
    """A platform where nothing has happened, and where nothing is."""
    return Recorder()
