"""A project that uses every feature of the model, and a small one; both without a disk."""

from pathlib import Path

from wherry_build.project.merging import merged
from wherry_build.project.model import Declarations, Function, Project
from wherry_build.project.reading.project_text import read_project_text
from wherry_build.project.specification import FunctionSpecification

ROOT = Path("/src")

SMALL = """
namespace: fns
registry: {prefix: ghcr.io/acme}
functions:
  hello:
    revisions:
      v1: {percent: 90}
      v2: {percent: 10}
  orders: {event_types: [com.acme.order.placed]}
hosts:
  fns.example.com: {tls: {secret: fns-tls}}
routes:
  hello:
    host: fns.example.com
    path: {prefix: /hello}
    function: hello
    rewrite: {path: /}
triggers:
  placed:
    function: orders
    filters: [{exact: {type: com.acme.order.placed}}]
"""

FULL = """
version: 1
namespace: fns
registry: {prefix: ghcr.io/acme, pull_secrets: [ghcr]}
mutual_tls: strict
build:
  engine: docker
  base: python:3.12-slim
  platforms: [linux/amd64, linux/arm64]
  packages: [libpq5, curl=8.5.0]
  dockerfile: files/Dockerfile
  arguments: {INDEX: "https://pypi.example.com/simple"}
  secrets: {token: files/token}
  labels: {org.opencontainers.image.vendor: acme}
functions:
  orders:
    image: ghcr.io/acme/orders:1.0
    environment: {LOG_LEVEL: info, SHOP: "12", TRICKY: "$(HOME) ${X} $$ é \\n --- y"}
    secrets: [orders-db, orders-key]
    resources:
      requests: {cpu: 250m, memory: 128Mi}
      limits: {cpu: "1", memory: 256Mi}
    scale:
      {min: 1, max: 20, target: 50, metric: concurrency, utilization: 80, window: 1m,
       down_delay: 2m, initial: 2, wake: 3}
    concurrency: 80
    timeout: 20s
    probes:
      startup: {path: /started, initial_delay: 1s, period: 2s, timeout: 1s, failures: 30}
      readiness: {path: /ready, initial_delay: 1s, period: 3s, timeout: 2s, failures: 3}
      liveness: {path: /health/liveness, initial_delay: 5s, period: 20s, timeout: 3s, failures: 4}
    labels: {team: shop, version-of: "1234e56"}
    annotations: {acme.com/owner: shop@acme.com, acme.com/yes: "y"}
    service_account: orders
    nodes: {kubernetes.io/arch: amd64, disk: "1e3"}
    read_only_root: true
    event_types: [com.acme.order.placed, com.acme.order.changed]
    revisions:
      stable: {percent: 90, tag: stable, image: "ghcr.io/acme/orders:0.9"}
      canary: {percent: 10, tag: next}
    traffic_policy:
      connection_pool:
        {max_connections: 100, max_pending: 50, max_requests_per_connection: 1000,
         connect_timeout: 2s}
      outlier_detection:
        {consecutive_5xx: 5, interval: 10s, ejection_time: 30s, max_ejected: 50}
      mutual_tls: strict
      load_balancing: least_request
    authorization:
      allow:
        - {namespace: knative-serving}
        - {namespace: shop, service_account: till, methods: [POST], paths: [/pay, /refund]}
    sink: {broker: slow}
  hello:
    scale: {min: 0, zero_after: 5m, zero: true}
    read_only_root: false
    methods: [GET, HEAD]
    sink: {url: "http://sink.example.com/hello"}
    build:
      engine: oci
      base: python:3.13-slim
      platforms: [linux/arm64]
      packages: [git]
      dockerfile: files/hello.Dockerfile
      arguments: {A: "1"}
      secrets: {key: files/key}
      labels: {acme.com/a: b}
  audit:
    sink: {broker: default}
    scale: {metric: rps, target: 200}
    traffic_policy: {mutual_tls: permissive, load_balancing: random}
  sums:
    scale: {min: 2, metric: cpu, target: 70, zero: false}
    authorization: {allow: []}
hosts:
  fns.example.com: {tls: {secret: fns-tls, redirect: true}}
  plain.example.com: {}
  "*.wild.example.com": {tls: {secret: wild-tls, redirect: false}}
routes:
  checkout:
    host: fns.example.com
    path: {exact: /orders/checkout}
    methods: [POST]
    function: orders
    rewrite: {path: /checkout, host: orders.example.com}
    retries: {attempts: 0}
  orders:
    host: fns.example.com
    path: {prefix: /orders}
    methods: [GET, POST]
    headers: {x-tenant: {present: true}, x-debug: {present: false}, x-kind: {prefix: a}}
    split:
      - {function: orders, revision: stable, percent: 95}
      - {function: orders, revision: canary, percent: 5}
    rewrite: {path: /}
    timeout: 30s
    retries: {attempts: 2, per_try_timeout: 5s, retry_on: [connect-failure, gateway-error]}
    mirror: {function: audit, percent: 5}
    fault:
      delay: {time: 200ms, percent: 1}
      abort: {status: 503, percent: 2}
    cors:
      {origins: ["https://shop.example.com"], methods: [GET, POST], headers: [x-a],
       expose_headers: [x-b], credentials: true, max_age: 10m}
  mixed:
    host: fns.example.com
    path: {prefix: /mixed/a.b}
    headers: {x-exact: {exact: "a b"}}
    split:
      - {function: hello, percent: 50}
      - {function: orders, percent: 50}
    rewrite: {path: /m}
    timeout: 1500ms
  wild: {host: "*.wild.example.com", function: hello}
  plain: {host: plain.example.com, path: {prefix: /sums}, function: sums}
  hello: {path: {exact: /hello}, function: hello, mirror: {function: audit}}
brokers:
  default:
    delivery:
      {retry: 5, backoff: exponential, delay: 500ms, timeout: 30s, dead_letter: {function: audit}}
  slow:
    class: MTChannelBasedBroker
    delivery: {retry: 2, backoff: linear, delay: 1m, dead_letter: {url: "http://dead.example.com/x"}}
triggers:
  placed:
    broker: default
    function: orders
    path: /events
    filters:
      - exact: {type: com.acme.order.placed}
      - not: {prefix: {source: /test}}
    delivery: {retry: 9, backoff: linear, delay: 2s, timeout: 10s, dead_letter: {function: audit}}
  any:
    broker: slow
    function: audit
    delivery: {dead_letter: {url: "https://dead.example.com:8443/y"}}
    filters:
      - any: [{suffix: {type: .placed}}, {cesql: "source LIKE '%shop%'"}]
      - all: [{exact: {subject: a, source: b}}, {prefix: {type: com.}}]
schedules:
  nightly:
    {cron: "0 3 * * *", time_zone: Europe/Rome, function: hello, data: '{"sweep": true}',
     content_type: application/json}
  often: {cron: "@hourly", function: audit}
"""


def made(text: str, **declared: Declarations) -> Project:
    """The project that `text` says; `declared` is what handlers say of themselves."""
    said = read_project_text(text.encode(), path="wherry.yaml").specification
    functions = [
        merged(
            Function(
                name=name,
                folder=ROOT / "functions" / name,
                declarations=declared.get(name, Declarations()),
            ),
            said.functions.get(name, FunctionSpecification()),
        )
        for name in sorted(said.functions)
    ]
    return Project(root=ROOT, functions=tuple(functions), specification=said)


def full_project() -> Project:
    """Every key of the model is said somewhere."""
    types = ("com.acme.order.placed", "com.acme.order.changed")
    return made(
        FULL,
        orders=Declarations(http=True, event_types=types),
        audit=Declarations(http=False),
    )


def small_project() -> Project:
    """Two functions, a canary, a route and a trigger."""
    return made(SMALL, orders=Declarations(http=False, event_types=("com.acme.order.placed",)))
