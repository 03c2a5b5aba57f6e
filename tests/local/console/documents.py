"""What the admin API says of one thing each: a function, an event, a trigger, a line of a log."""

import datetime as dt
import json
import re

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
