"""A recorder that speaks enough of an API server's language: discovery, objects, server-side apply.

Every request is kept. What is to go wrong is told it in `answers`; what controllers would write is
what `status` gives for an object.
"""

import json
import threading
from contextlib import contextmanager
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

KINDS = {
    "v1": {
        "Namespace": ("namespaces", False),
        "ConfigMap": ("configmaps", True),
        "Service": ("services", True),
        "ServiceAccount": ("serviceaccounts", True),
    },
    "apps/v1": {"Deployment": ("deployments", True)},
    "policy/v1": {"PodDisruptionBudget": ("poddisruptionbudgets", True)},
    "autoscaling/v2": {"HorizontalPodAutoscaler": ("horizontalpodautoscalers", True)},
    "networking.k8s.io/v1": {"NetworkPolicy": ("networkpolicies", True)},
    "serving.knative.dev/v1": {"Service": ("services", True)},
    "eventing.knative.dev/v1": {"Trigger": ("triggers", True), "Broker": ("brokers", True)},
    "networking.istio.io/v1": {
        "Gateway": ("gateways", True),
        "VirtualService": ("virtualservices", True),
        "DestinationRule": ("destinationrules", True),
    },
    "security.istio.io/v1": {
        "PeerAuthentication": ("peerauthentications", True),
        "AuthorizationPolicy": ("authorizationpolicies", True),
    },
}
READY = {"conditions": [{"type": "Ready", "status": "True"}]}
TOKEN = "tok-3ns-7Qx-never-told"


class Asked(NamedTuple):
    """One request."""

    method: str
    path: str
    words: dict
    headers: dict
    body: bytes

    @property
    def object(self):
        """What was sent."""
        return json.loads(self.body)


class ApiRecorder:
    """A running recorder."""

    def __init__(self):
        self.asked = []
        self.objects = {}
        self.namespaces = {"default", "fns"}
        self.kinds = deepcopy(KINDS)
        self.answers = []  # (method, part of the path, answer), the first that fits is taken
        self.status = lambda value: READY
        self.version = "v1.33.2"
        self.warning = ""
        self.page = 2
        self.port = 0

    def refuse(self, method, path, status, message="no", *, dry_run=None, **more):
        """Answer such requests with a Status."""
        body = {"kind": "Status", "status": "Failure", "message": message, "code": status, **more}
        self.answers.append((method, path, dry_run, status, json.dumps(body).encode()))

    def kubeconfig(self, folder, *, token=TOKEN, port=None):
        """A kubeconfig of two contexts, `here` and `nowhere`."""
        file = folder / "kubeconfig"
        clusters = {"here": port or self.port, "nowhere": 1}
        file.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": "here",
                    "clusters": [
                        {"name": f"{name}-cluster", "cluster": {"server": f"http://127.0.0.1:{at}"}}
                        for name, at in clusters.items()
                    ],
                    "users": [{"name": "me", "user": {"token": token}}],
                    "contexts": [
                        {"name": name, "context": {"cluster": f"{name}-cluster", "user": "me"}}
                        for name in clusters
                    ],
                }
            )
        )
        return file

    def applied(self):
        """Kind and name of what was applied and not only tried, in order."""
        return [
            (each.object["kind"], each.object["metadata"]["name"])
            for each in self.asked
            if each.method == "PATCH" and "dryRun" not in each.words
        ]

    def answer(self, asked):
        """Status and body."""
        is_dry = "dryRun" in asked.words
        for method, path, dry_run, status, body in self.answers:
            if (method, True) == (asked.method, path in asked.path) and dry_run in (None, is_dry):
                return status, body
        parts = asked.path.strip("/").split("/")
        if asked.path == "/version":
            return 200, json.dumps({"gitVersion": self.version}).encode()
        api_version = "v1" if parts[0] == "api" else "/".join(parts[1:3])
        rest = parts[2:] if parts[0] == "api" else parts[3:]
        if api_version not in self.kinds:
            return 404, b"404 page not found\n"
        if not rest:
            return 200, json.dumps(self._listed(api_version)).encode()
        return self._object(asked, rest)

    def _listed(self, api_version):
        resources = [
            {"kind": kind, "name": name, "namespaced": namespaced}
            for kind, (name, namespaced) in self.kinds[api_version].items()
        ]
        parts = [{**each, "name": f"{each['name']}/status"} for each in resources]
        return {"kind": "APIResourceList", "resources": resources + parts}

    def _object(self, asked, rest):
        if rest[0] == "namespaces" and len(rest) == 2:
            if asked.method == "PATCH":
                self.namespaces.add(rest[1])
            if rest[1] not in self.namespaces:
                return 404, _failure(404, f'namespaces "{rest[1]}" not found')
            return 200, json.dumps({"metadata": {"name": rest[1]}}).encode()
        if len(rest) == 3:
            return self._page(asked)
        there = self.objects.get(asked.path)
        if asked.method == "DELETE":
            return self._deleted(asked, there)
        if asked.method == "GET":
            if there is None:
                return 404, _failure(404, f'"{rest[-1]}" not found')
            return 200, json.dumps({**there, "status": self.status(there)}).encode()
        if rest[1] not in self.namespaces:
            return 404, _failure(404, f'namespaces "{rest[1]}" not found')
        made = self._applied(asked.object, there)
        if "dryRun" not in asked.words:
            self.objects[asked.path] = made
        return (200 if there else 201), json.dumps(made).encode()

    def _page(self, asked):
        """The objects with the labels, `page` of them at once."""
        wanted = {tuple(each.split("=")) for each in asked.words["labelSelector"].split(",")}
        found = [
            {key: item for key, item in value.items() if key not in ("apiVersion", "kind")}
            for path, value in sorted(self.objects.items())
            if path.rpartition("/")[0] == asked.path
            and wanted <= set(value["metadata"].get("labels", {}).items())
        ]
        begin = int(asked.words.get("continue", 0))
        end = begin + self.page
        metadata = {"continue": str(end)} if end < len(found) else {}
        return 200, json.dumps({"metadata": metadata, "items": found[begin:end]}).encode()

    def _deleted(self, asked, there):
        if there is None:
            return 404, _failure(404, "not found")
        wanted = asked.object["preconditions"]
        if any(there["metadata"][name] != value for name, value in wanted.items()):
            return 409, _failure(409, "the object has been modified")
        del self.objects[asked.path]
        return 200, json.dumps({"kind": "Status", "status": "Success"}).encode()

    def _applied(self, sent, there):
        before = there["metadata"] if there else {"generation": 0, "resourceVersion": "0"}
        is_same = there is not None and there.get("spec") == sent.get("spec")
        return {
            **sent,
            "metadata": {
                **sent["metadata"],
                "uid": "f3a1",
                "creationTimestamp": "2026-11-23T09:00:00Z",
                "generation": before["generation"] + (not is_same),
                "resourceVersion": str(int(before["resourceVersion"]) + 1),
                "managedFields": [{"manager": "wherry", "operation": "Apply"}],
            },
        }


@contextmanager
def api_recorder():
    """A recorder on loopback."""
    recorder = ApiRecorder()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30
        wbufsize = 65536

        def do(self):
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            words = {name: values[0] for name, values in parse_qs(parts.query).items()}
            asked = Asked(self.command, parts.path, words, dict(self.headers), body)
            recorder.asked.append(asked)
            status, content = recorder.answer(asked)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            if recorder.warning:
                self.send_header("Warning", f'299 - "{recorder.warning}"')
            if status == 429:
                self.send_header("Retry-After", "0")
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PATCH = do_DELETE = do  # noqa: N815 - names that the base class calls

        def log_message(self, *_):
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        recorder.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield recorder
        finally:
            server.shutdown()
            thread.join(10)


def _failure(status, message):
    return json.dumps({"kind": "Status", "message": message, "code": status}).encode()
