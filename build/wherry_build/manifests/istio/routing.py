"""Istio: one Gateway and one VirtualService that give each function a path under one host.

A Knative Service is reached in two hops: our route rewrites the authority to the function's own
and sends it to Knative's local gateway, which knows its revisions. An OpenFaaS function is reached
through OpenFaaS's gateway, which keeps its metrics, queue and scale from zero.
"""

from __future__ import annotations

from collections.abc import Sequence

from wherry_build.manifests.document import Document, metadata, response_s
from wherry_build.manifests.yaml import Node
from wherry_build.project.model import Function

_API = "networking.istio.io/v1"
_NAME = "functions"
_KNATIVE_GATEWAY: Node = {
    "host": "knative-local-gateway.istio-system.svc.cluster.local",
    "port": {"number": 80},
}
_OPENFAAS_GATEWAY: Node = {
    "host": "gateway.openfaas.svc.cluster.local",
    "port": {"number": 8080},
}


def istio_documents(
    functions: Sequence[Function],
    *,
    knative: bool,
    namespace: str,
    host: str,
    tls_secret: str | None,
) -> list[Document]:
    """The Gateway for `host`, and the VirtualService with a path for each function."""
    routes: list[Node] = [
        _knative_route(function, namespace) if knative else _openfaas_route(function)
        for function in functions
    ]
    virtual_service: dict[str, Node] = {
        "apiVersion": _API,
        "kind": "VirtualService",
        "metadata": metadata(_NAME, namespace=namespace),
        "spec": {"gateways": [f"{namespace}/{_NAME}"], "hosts": [host], "http": routes},
    }
    return [
        Document(
            file="30-gateway.yaml",
            value=_gateway(namespace=namespace, host=host, tls_secret=tls_secret),
        ),
        Document(file="31-virtual-service.yaml", value=virtual_service),
    ]


def _gateway(*, namespace: str, host: str, tls_secret: str | None) -> dict[str, Node]:
    plain: dict[str, Node] = {
        "port": {"number": 80, "name": "http", "protocol": "HTTP"},
        "hosts": [host],
    }
    servers: list[Node] = [plain]
    if tls_secret is not None:
        plain["tls"] = {"httpsRedirect": True}
        servers.append(
            {
                "port": {"number": 443, "name": "https", "protocol": "HTTPS"},
                "hosts": [host],
                "tls": {
                    "mode": "SIMPLE",
                    "credentialName": tls_secret,
                    "minProtocolVersion": "TLSV1_2",
                },
            }
        )
    return {
        "apiVersion": _API,
        "kind": "Gateway",
        "metadata": metadata(_NAME, namespace=namespace),
        "spec": {"selector": {"istio": "ingressgateway"}, "servers": servers},
    }


def _knative_route(function: Function, namespace: str) -> dict[str, Node]:
    rewrite = _rewrite(function.name, to=r"/\1")
    rewrite["authority"] = f"{function.name}.{namespace}.svc.cluster.local"
    return _route(function, rewrite, _KNATIVE_GATEWAY)


def _openfaas_route(function: Function) -> dict[str, Node]:
    rewrite = _rewrite(function.name, to=rf"/function/{function.name}/\1")
    return _route(function, rewrite, _OPENFAAS_GATEWAY)


def _route(function: Function, rewrite: dict[str, Node], to: Node) -> dict[str, Node]:
    path = f"/{function.name}"
    return {
        "name": function.name,
        # The exact path and the segment's prefix: `/hello` and `/hello/...`, never `/hello2`.
        "match": [{"uri": {"exact": path}}, {"uri": {"prefix": f"{path}/"}}],
        "rewrite": rewrite,
        "route": [{"destination": to}],
        "timeout": f"{response_s(function.timeout_s)}s",
        # The mesh would retry twice by default, and a function need not be idempotent.
        "retries": {"attempts": 0},
    }


def _rewrite(name: str, *, to: str) -> dict[str, Node]:
    """Take the function's segment away, and no slash more: `//` would be another path."""
    return {"uriRegexRewrite": {"match": f"^/{name}/?(.*)$", "rewrite": to}}
