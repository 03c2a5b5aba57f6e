"""OpenFaaS's gateway over its REST API: functions are put there, and asked for.

    gateway = Gateway.logged_in("http://127.0.0.1:8080", environment=os.environ, home=Path.home())
    for deployment in openfaas_deployment.deployments(stack):
        gateway.differences(deployment)
        gateway.deploy(deployment)

What is sent and what is read is in `openfaas_deployment`, the login in `openfaas_login`.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from wherry._version import __version__
from wherry_build.deploy import openfaas_deployment
from wherry_build.deploy.openfaas_deployment import (
    Differences,
    FunctionDeployment,
    FunctionStatus,
    function_status,
)
from wherry_build.deploy.openfaas_login import Login, login_file, stored_login
from wherry_build.deploy.wording import cause, words
from wherry_build.errors import DeployError, PlatformUnavailable
from wherry_build.manifests.openfaas.stack import gateway_url

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

_FUNCTIONS = "/system/functions"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_LIMIT_SHOWN = 300
_REQUEST_S = 60.0


class Outcome(enum.Enum):
    """What became of a deployment."""

    CREATED = "created"
    UPDATED = "updated"


class Gateway:
    """One gateway.

    Args:
        url: Its address; `http://` when no scheme is said.
        login: What lets us in; None for a gateway that asks for nothing.
        request_s: Seconds that one answer may take.

    Raises:
        InvalidName: `url` is none.
    """

    def __init__(
        self, url: str, *, login: Login | None = None, request_s: float = _REQUEST_S
    ) -> None:
        import urllib3

        self.url = gateway_url(url)
        self._login = login
        self._connections = urllib3.PoolManager(
            timeout=request_s, retries=False, headers=_headers(login)
        )

    @classmethod
    def logged_in(cls, url: str, *, environment: Mapping[str, str], home: Path) -> Gateway:
        """The gateway at `url`, with the login that faas-cli has stored for it.

        Raises:
            InvalidName: `url` is none.
            PlatformUnavailable: What is stored cannot be used.
            ExtraMissing: ruamel.yaml is not installed.
        """
        address = gateway_url(url)
        return cls(address, login=stored_login(address, login_file(environment, home=home)))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What whoever deploys should know of the connection."""
        parts = urlsplit(self.url)
        if self._login is None or parts.scheme == "https" or parts.hostname in _LOOPBACK:
            return ()
        return (f"the login for {self.url} travels in plain HTTP; use https://",)

    def deploy(self, deployment: FunctionDeployment) -> Outcome:
        """Put `deployment` there, in place of a function of its name.

        Raises:
            PlatformUnavailable: The gateway does not answer, or does not let us in.
            DeployError: It refuses the function.
        """
        outcome = Outcome.UPDATED
        answer = self._ask("PUT", _FUNCTIONS, body=deployment.body())
        if answer.status == 404:
            outcome = Outcome.CREATED
            answer = self._ask("POST", _FUNCTIONS, body=deployment.body())
        if 200 <= answer.status < 300:
            return outcome
        raise DeployError(
            f"{self.url} refuses {deployment.name} in {deployment.namespace}: "
            f"{answer.status}{self._reason(answer)}",
            hint=self._what_to_do(answer.status, deployment),
        )

    def status(self, name: str, *, namespace: str) -> FunctionStatus | None:
        """What the gateway tells of a function; None when there is none of that name.

        Raises:
            PlatformUnavailable: The gateway does not answer, or does not let us in.
            DeployError: It answers something that is no status.
        """
        path = f"/system/function/{quote(name, safe='')}?namespace={quote(namespace, safe='')}"
        answer = self._ask("GET", path)
        if answer.status == 404:
            return None
        told = _object(answer) if answer.status == 200 else None
        if told is None:
            raise DeployError(
                f"{self.url} tells no status of {name} in {namespace}: "
                f"{answer.status}{self._reason(answer)}",
                hint="is this the address of OpenFaaS's gateway?",
            )
        return function_status(told, namespace=namespace)

    def differences(self, deployment: FunctionDeployment) -> Differences:
        """What `deploy` would change.

        Raises:
            PlatformUnavailable: The gateway does not answer, or does not let us in.
            DeployError: It answers something that is no status.
        """
        return openfaas_deployment.differences(
            deployment, self.status(deployment.name, namespace=deployment.namespace)
        )

    def _ask(
        self, method: str, path: str, *, body: Mapping[str, object] | None = None
    ) -> BaseHTTPResponse:
        from urllib3.exceptions import HTTPError

        try:
            answer = self._connections.request(
                method,
                self.url + path,
                body=json.dumps(body).encode() if body is not None else None,
                headers={
                    **self._connections.headers,
                    **({"Content-Type": "application/json"} if body is not None else {}),
                },
                redirect=False,
            )
        except HTTPError as error:
            raise PlatformUnavailable(
                f"no OpenFaaS gateway answers at {self.url}: {cause(error)}",
                hint="give --gateway or OPENFAAS_URL, or forward its port: "
                "kubectl port-forward --namespace openfaas service/gateway 8080",
            ) from None
        if answer.status in {401, 403}:
            raise PlatformUnavailable(
                f"{self.url} does not let us in: {answer.status}, "
                + ("with the login that is stored" if self._login else "and no login is stored"),
                hint=f"faas-cli login --gateway {self.url}",
            )
        return answer

    def _reason(self, answer: BaseHTTPResponse) -> str:
        """What the gateway says, short, printable, and without anything secret."""
        text = answer.data.decode("utf-8", "replace")
        if self._login is not None:
            text = self._login.redacted(text)
        said = words(text, limit=_LIMIT_SHOWN)
        return f", {said}" if said else ""

    def _what_to_do(self, status: int, deployment: FunctionDeployment) -> str:
        if status == 400 and deployment.secrets:
            return (
                f"are its secrets there? faas-cli secret list --namespace {deployment.namespace} "
                f"--gateway {self.url}"
            )
        if status in {502, 503, 504}:
            return "kubectl get pods --namespace openfaas"
        return ""


def _object(answer: BaseHTTPResponse) -> dict[str, object] | None:
    try:
        told = json.loads(answer.data)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _headers(login: Login | None) -> dict[str, str]:
    headers = {"User-Agent": f"wherry/{__version__}", "Accept": "application/json"}
    return {**headers, "Authorization": login.authorization} if login is not None else headers
