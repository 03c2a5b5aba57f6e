"""An admin API that knows by heart what it is given, and records what it is told."""

import copy

from tests.local.console.documents import ago

from wherry_local.console.api import ApiRefused, Invoked


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
