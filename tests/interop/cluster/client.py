"""The requests of a test to an API server; knows no process and makes no certificate."""

import http.client
import json
import time
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, urlencode

import yaml

from .credentials import Credentials, client_context
from .definitions import plural

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
MANAGER = "wherry-test"


class RefusedError(AssertionError):
    """The API server refused an object, or warned of it."""


class Cluster:
    """A running API server.

    Attributes:
        kubeconfig: A file that lets kubectl do everything there.
    """

    kubeconfig: Path

    def __init__(self, port: int, credentials: Credentials) -> None:
        self._port = port
        self._tls = client_context(credentials)
        self._connection: http.client.HTTPSConnection | None = None
        self._kinds: dict[str, dict] = {}

    def request(self, method: str, path: str, body: object = None, media_type: str = "") -> dict:
        """Ask; the answer's JSON.

        Raises:
            RefusedError: The status is not 2xx, or the answer has a warning.
            OSError: Nobody answers.
        """
        status, warning, content = self._send(method, path, body, media_type)
        if status >= 300 or warning:
            raise RefusedError(f"{method} {path}: {status} {warning or content.decode()}")
        return json.loads(content)

    def install(self, definitions: list[dict]) -> None:
        """Install definitions and wait until every version of each is served."""
        for item in definitions:
            self.request("POST", DEFINITIONS, item)
        _until(lambda: all(map(_is_established, self.request("GET", DEFINITIONS)["items"])))
        for item in definitions:
            group, names = item["spec"]["group"], item["spec"]["names"]
            for version in item["spec"]["versions"]:
                if version["served"]:
                    self._kinds[f"{group}/{version['name']}/{names['kind']}"] = item["spec"]
                    listing = f"/apis/{group}/{version['name']}/{names['plural']}?limit=1"
                    _until(lambda path=listing: self._answers(path))

    def groups(self) -> list[dict]:
        """What the server's own discovery says of each installed group, as `APIGroup`."""
        names = {spec["group"] for spec in self._kinds.values()} | {"apiextensions.k8s.io"}
        return [self.request("GET", f"/apis/{name}") for name in sorted(names)]

    def serves(self, item: dict) -> bool:
        """Whether it is an object of an installed definition; core types are not."""
        return f"{item.get('apiVersion')}/{item.get('kind')}" in self._kinds

    def apply(self, objects: Iterable[dict | str]) -> list[dict]:
        """Apply objects, each a dict or the text of one YAML document; what the server then has.

        Server-side apply with strict field validation: an unknown or doubled key is refused.

        Raises:
            RefusedError: The server refuses an object or warns of it.
        """
        words = urlencode({"fieldManager": MANAGER, "fieldValidation": "Strict", "force": "true"})
        return [
            self.request(
                "PATCH",
                f"{self.path(each)}?{words}",
                each if isinstance(each, str) else json.dumps(each),
                "application/apply-patch+yaml",
            )
            for each in objects
        ]

    def get(self, item: dict | str) -> dict:
        """The object as the server has it."""
        return self.request("GET", self.path(item))

    def set_status(self, item: dict | str, status: dict) -> dict:
        """Do a controller's part: write the status of an object that is there."""
        return self.request(
            "PATCH",
            f"{self.path(item)}/status",
            {"status": status},
            "application/merge-patch+json",
        )

    def path(self, item: dict | str) -> str:
        """Where the object is."""
        read = yaml.safe_load(item) if isinstance(item, str) else item
        kind, metadata = f"{read['apiVersion']}/{read['kind']}", read["metadata"]
        if kind not in self._kinds:
            raise RefusedError(f"{kind} is not served: {read['kind']} {metadata['name']}")
        namespaced = self._kinds[kind]["scope"] == "Namespaced"
        where = f"namespaces/{quote(metadata['namespace'])}/" if namespaced else ""
        return f"/apis/{read['apiVersion']}/{where}{plural(read['kind'])}/{quote(metadata['name'])}"

    def is_ready(self) -> bool:
        """Whether all of the server's own checks pass but one: nobody serves its Services."""
        return self._answers("/readyz?exclude=informer-sync")

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _send(self, method: str, path: str, body: object = None, media_type: str = ""):
        sent = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        headers = {"Content-Type": media_type or "application/json", "Accept": "application/json"}
        is_kept = self._connection is not None
        if self._connection is None:
            self._connection = http.client.HTTPSConnection(
                "127.0.0.1", self._port, timeout=30, context=self._tls
            )
        try:
            self._connection.request(method, path, sent if body is not None else None, headers)
            answer = self._connection.getresponse()
            return answer.status, answer.headers.get("Warning"), answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            if not is_kept:
                raise
        # The server closes a connection that was kept for long; what is asked may be asked twice.
        return self._send(method, path, body, media_type)

    def _answers(self, path: str) -> bool:
        try:
            return self._send("GET", path)[0] == 200
        except (OSError, http.client.HTTPException):
            return False


def _is_established(definition: dict) -> bool:
    conditions = definition.get("status", {}).get("conditions") or []
    states = {each["type"]: each["status"] for each in conditions}
    if states.get("NonStructuralSchema") == "True" or states.get("NamesAccepted") == "False":
        raise RefusedError(f"{definition['metadata']['name']}: {conditions}")
    return states.get("Established") == "True"


def _until(condition, within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "the API server does not serve its definitions"
        time.sleep(0.05)
