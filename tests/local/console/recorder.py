"""An admin API that knows by heart what a busy platform would say, and records what it is told."""

import copy
import datetime as dt
import json
import re

from wherry_local.console.api import ApiRefused, Invoked

LONG_TYPE = "com.acme.stock.low.in.a.warehouse.with.a.name.that.is.rather.long"
HOSTILE = (
    "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    "'\"&{{7*7}}"
)
"""What must come out as the text that it is, wherever it is put in."""


def ago(seconds):
    at = dt.datetime.now(dt.timezone.utc) - dt.timedelta(seconds=seconds)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def function(name, state="ready", **more):
    return {
        "name": name,
        "namespace": "openfaas-fn",
        "state": state,
        "desired": 1,
        "replicas": 1,
        "availableReplicas": 1,
        "inFlight": 0,
        "waiting": 0,
        "perSecond": 0.0,
        "p50Ms": None,
        "p95Ms": None,
        "p99Ms": None,
        "calls": 0,
        "errors": 0,
        "fault": None,
        "url": f"http://127.0.0.1:8080/function/{name}",
        "revision": 1,
        "handler": f"{name}/handler.py:handle",
    } | more


FAULT = """Traceback (most recent call last):
  File "functions/thumbnail/handler.py", line 3, in <module>
    from PIL import Image
ModuleNotFoundError: No module named 'PIL'
hint: pip install pillow, or add it to functions/thumbnail/requirements.txt"""


def delivery(number, trigger, state="delivered", **more):
    return {
        "number": str(number),
        "trigger": trigger,
        "state": state,
        "tries": 1,
        "nextAt": None,
        "lastStatus": 200,
        "lastReason": "",
    } | more


def event(
    key, kind="com.acme.order.placed", *, parent=None, age=12, deliveries=(), mismatches=(), **more
):
    """The event as `/system/events/{key}` has it."""
    data = more.pop("data", {"id": "A-1", "items": [{"sku": "oar", "quantity": 2, "price": 24.50}]})
    text = data if isinstance(data, str) else json.dumps(data)
    attributes = {
        "specversion": "1.0",
        "type": kind,
        "source": "/shop",
        "id": key.removeprefix("k-"),
        "subject": "A-1",
        "time": ago(age),
        "datacontenttype": "application/json",
    } | more.pop("attributes", {})
    return {
        "key": key,
        "position": re.sub(r"\D", "", key) or "1",
        "id": attributes["id"],
        "type": attributes["type"],
        "source": attributes["source"],
        "subject": attributes.get("subject"),
        "time": attributes.get("time"),
        "broker": "default",
        "namespace": "default",
        "acceptedAt": ago(age),
        "parent": parent,
        "deliveries": [
            {
                "attempts": [{"at": ago(age), "ms": 14.2, "status": 200, "reason": ""}],
                "answer": None,
            }
            | each
            for each in deliveries
        ],
        "mismatches": len(mismatches),
        "attributes": attributes,
        "headers": [[f"ce-{name}", value] for name, value in attributes.items()],
        "data": {"text": text, "bytes": len(text.encode()), "truncated": False},
        "triggers": [
            *(
                {"trigger": each["trigger"], "matched": True, "clause": "", "reason": ""}
                for each in deliveries
            ),
            *(
                {"trigger": name, "matched": False, "clause": clause, "reason": reason}
                for name, clause, reason in mismatches
            ),
        ],
        "replies": [],
    } | more


def trigger(name, function="orders", **more):
    return {
        "name": name,
        "namespace": "default",
        "broker": "default",
        "function": function,
        "path": None,
        "uri": None,
        "filters": [{"exact": {"type": "com.acme.order.placed"}}],
        "delivery": {"retry": 3},
        "source": "project",
    } | more


def line(text, *, name="orders", age=5.0, call_id="", stream="stdout", instance=None):
    found = {
        "name": name,
        "namespace": "openfaas-fn",
        "instance": instance or f"{name}-7f3k",
        "timestamp": ago(age),
        "text": text,
        "stream": stream,
    }
    return found | ({"callId": call_id} if call_id else {})


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


class Recorder:
    """A `wherry_local.console.api.Api`."""

    def __init__(
        self, *, functions=(), brokers=(), triggers=(), events=(), calls=(), lines=(), routes=()
    ):
        self.functions = list(functions)
        self.brokers = list(brokers)
        self.triggers = list(triggers)
        self.events = list(events)
        self.calls = list(calls)
        self.lines = list(lines)
        self.routes = list(routes)
        self.env = {"GREETING": "a-value-that-is-nobodys-business"}
        self.answer = Invoked(
            status=200,
            headers=[("Content-Type", "application/json")],
            body=b'{"hello":"Ada","n":1.10}',
            took_s=0.0123,
        )
        self.refusal = None
        self.asked = []
        self.sent = []
        self.invoked = []

    async def get(self, path, query=None):
        self.asked.append((path, dict(query or {})))
        return copy.deepcopy(self._found(path, dict(query or {})))

    def _found(self, path, query):
        if path == "/system/overview":
            return {
                "functions": self.functions,
                "brokers": self.brokers,
                "queue": {"due": 1, "leased": 1, "delivered": 3214, "dead": 1},
                "version": "0.6.0",
            }
        if path == "/system/triggers":
            return self.triggers
        if path == "/system/routes":
            return self.routes
        if path == "/system/logs":
            return self._lines(query)
        if path == "/system/events":
            return self._events(query)
        if path.startswith("/system/events/"):
            return self._one(self.events, "key", path)
        if path == "/system/dead-letters":
            return {
                "deadLetters": [
                    each
                    for each in self._dead()
                    if query.get("trigger", each["trigger"]) == each["trigger"]
                ],
                "next": None,
            }
        if path == "/system/calls":
            fits = [
                each
                for each in self.calls
                if query.get("state", each["state"]) == each["state"]
                and query.get("function", each["function"]) == each["function"]
            ]
            return {"calls": fits, "next": None}
        if path.startswith("/async-function/"):
            return self._call(self._one(self.calls, "id", path))
        if path.startswith("/system/function/"):
            found = self._one(self.functions, "name", path)
            return {
                "name": found["name"],
                "namespace": found["namespace"],
                "image": "",
                "envVars": self.env,
                "secrets": ["api-key"],
                "labels": {"faas_function": found["name"]},
                "createdAt": ago(600),
            }
        raise ApiRefused(404, f"no {path} here")

    @staticmethod
    def _one(rows, name, path):
        wanted = path.rpartition("/")[2]
        for each in rows:
            if each[name] == wanted:
                return each
        raise ApiRefused(404, "there is no such thing, or it is forgotten")

    def _lines(self, query):
        fits = [
            each
            for each in self.lines
            if query.get("name", each["name"]) == each["name"]
            and query.get("contains", "") in each["text"]
            and query.get("callId", each.get("callId")) == each.get("callId")
            and query.get("instance", each["instance"]) == each["instance"]
        ]
        return fits[-int(query.get("tail", "100000")) :]

    def _events(self, query):
        fits = [
            each
            for each in self.events
            if query.get("type", each["type"]) == each["type"]
            and query.get("source", each["source"]) == each["source"]
            and (
                "state" not in query
                or any(d["state"] == query["state"] for d in each["deliveries"])
            )
            and (
                "trigger" not in query
                or any(d["trigger"] == query["trigger"] for d in each["deliveries"])
            )
            and int(each["position"]) < int(query.get("before", "1000000"))
        ]
        limit = int(query.get("limit", "100"))
        rest = ("attributes", "headers", "data", "triggers", "replies")
        page = [{k: v for k, v in each.items() if k not in rest} for each in fits[:limit]]
        return {"events": page, "next": fits[limit - 1]["position"] if len(fits) > limit else None}

    def _dead(self):
        return [
            {
                "number": d["number"],
                "event": e["key"],
                "id": e["id"],
                "type": e["type"],
                "source": e["source"],
                "trigger": d["trigger"],
                "function": "orders",
                "reason": d["lastReason"],
                "status": d["lastStatus"],
                "tries": d["tries"],
                "diedAt": ago(3990),
            }
            for e in self.events
            for d in e["deliveries"]
            if d["state"] == "dead"
        ]

    @staticmethod
    def _call(row):
        body = '{"width":64}'
        over = row["state"] in ("delivered", "dead")
        return row | {
            "nextAt": ago(-4) if row["state"] == "due" else None,
            "attempts": [
                {
                    "at": ago(19),
                    "ms": 31.0,
                    "status": row["status"],
                    "reason": "" if over else "the function answered 503",
                }
            ],
            "headers": [["Content-Type", "application/json"]] if over else [],
            "body": {"text": body, "bytes": len(body), "truncated": False} if over else None,
        }

    async def send(self, method, path, document=None):
        self.sent.append((method, path, document))
        if self.refusal is not None:
            raise self.refusal
        return {
            "key": self.events[0]["key"] if self.events else "k-1",
            "id": self.calls[0]["id"] if self.calls else "c-1",
        }

    async def invoke(self, invocation):
        self.invoked.append(invocation)
        if self.refusal is not None:
            raise self.refusal
        return self.answer
