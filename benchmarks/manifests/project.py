"""A project of many functions on disk: what the measurements begin with. It measures nothing."""

from __future__ import annotations

from pathlib import Path

HANDLER = "def handle(request):\n    return {'ok': True}\n"
HEAD = """\
namespace: fns
registry: {prefix: ghcr.io/acme}
mutual_tls: strict
hosts:
  fns.example.com: {tls: {secret: fns-tls, redirect: true}}
"""
FUNCTION = """\
  NAME:
    environment: {LOG_LEVEL: info, SHOP: "12", URL: "https://NAME.example.com/a?b=c"}
    secrets: [NAME-db]
    resources:
      requests: {cpu: 250m, memory: 128Mi}
      limits: {memory: 256Mi}
    scale: {min: 1, max: 20, target: 50}
    concurrency: 80
    timeout: 20s
    traffic_policy:
      connection_pool: {max_connections: 100, connect_timeout: 2s}
      outlier_detection: {consecutive_5xx: 5, interval: 10s, ejection_time: 30s}
    authorization:
      allow: [{namespace: knative-serving}]
"""
ROUTE = """\
  NAME:
    host: fns.example.com
    path: {prefix: /NAME}
    function: NAME
    rewrite: {path: /}
    timeout: 30s
    retries: {attempts: 2, per_try_timeout: 5s, retry_on: [connect-failure]}
"""


def write_project(folder: Path, functions: int) -> None:
    """Write a project of so many functions, each with a route of its own, into `folder`."""
    names = [f"fn-{number:04d}" for number in range(functions)]
    for name in names:
        handler = folder / "functions" / name / "handler.py"
        handler.parent.mkdir(parents=True)
        handler.write_text(HANDLER)
    parts = [HEAD, "functions:\n", *(FUNCTION.replace("NAME", name) for name in names)]
    parts += ["routes:\n", *(ROUTE.replace("NAME", name) for name in names)]
    (folder / "wherry.yaml").write_text("".join(parts))
