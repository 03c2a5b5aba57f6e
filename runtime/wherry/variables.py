"""The settings as the environment spells them: names, how each is read, what it means.

A setting may have several names, because each platform has its own (`PORT`, `K_SERVICE`,
`exec_timeout`). From this table `wherry.config` makes a `Config`, and the reference page is
checked against it. Nothing here reads the environment.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from wherry.deadline import duration_s

FORWARDED_FIELDS = frozenset({"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"})
LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")


class Variable(NamedTuple):
    """One setting as the environment spells it.

    Attributes:
        names: Names in order of precedence; the first that is set and not empty counts.
        field: Attribute of `Config` that it sets.
        parse: Text to value; raises ValueError with what was expected.
        default: What holds when no name is set, in words or as written.
        meaning: One sentence for the reference page.
    """

    names: tuple[str, ...]
    field: str
    parse: Callable[[str], Any]
    default: str
    meaning: str


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
            raise ValueError(f"expected a whole number from {low} to {high}")
        return int(text)

    return parse


def _switch(text: str) -> bool:
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off"}:
        return False
    raise ValueError("expected true or false")


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in choices:
            raise ValueError("expected one of " + ", ".join(choices))
        return text.lower()

    return parse


def _metrics_port(text: str) -> int | None:
    return None if text.lower() == "off" else _whole(0, 65535)(text)


def _name(text: str) -> str:
    if LABEL.fullmatch(text) is None:
        raise ValueError("expected letters, digits, dots and dashes, at most 253")
    return text


def _url(text: str) -> str:
    if not text.startswith(("http://", "https://")) or not text.isprintable() or " " in text:
        raise ValueError("expected an http:// or https:// URL")
    return text


def _overrides(text: str) -> dict[str, str]:
    try:
        extensions = orjson.loads(text).get("extensions") or {}
        return {str(key): str(value) for key, value in extensions.items()}
    except (orjson.JSONDecodeError, AttributeError):
        raise ValueError('expected {"extensions": {"name": "value"}}') from None


def _paths(text: str) -> tuple[Path, ...]:
    return tuple(Path(part) for part in text.split(os.pathsep) if part)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part for part in (each.strip() for each in text.split(",")) if part)


def _probe_paths(text: str) -> tuple[str, ...] | None:
    if text.lower() in {"on", "off"}:
        return None if text.lower() == "on" else ()
    paths = _listed(text)
    if not all(path.startswith("/") for path in paths):
        raise ValueError("expected on, off or paths with commas between them")
    return paths


def _lock_file(text: str) -> Path | None:
    return None if text.lower() == "off" else Path(text)


def _networks(text: str) -> tuple[str, ...]:
    import ipaddress

    networks = tuple("*" if part == "*" else part.lower() for part in _listed(text))
    try:
        for network in networks:
            if network not in {"*", "none"}:
                ipaddress.ip_network(network)
    except ValueError:
        raise ValueError(
            "expected addresses or networks such as 10.0.0.0/8 with commas between them, * or none"
        ) from None
    return () if "none" in networks else networks


def _forwarded_fields(text: str) -> tuple[str, ...]:
    fields = _listed(text.lower())
    if fields != ("forwarded",) and not FORWARDED_FIELDS.issuperset(fields):
        choices = ", ".join(sorted(FORWARDED_FIELDS))
        raise ValueError(f"expected forwarded alone, or some of {choices}")
    return fields


def _origins(text: str) -> tuple[str, ...]:
    origins = _listed(text.lower())
    if not all(origin == "*" or LABEL.fullmatch(origin) for origin in origins):
        raise ValueError("expected DNS names with commas between them, or *")
    return origins


def _rate(text: str) -> int | None:
    return None if text == "*" else _whole(1, 1_000_000_000)(text)


VARIABLES: tuple[Variable, ...] = (
    Variable(
        ("WHERRY_HANDLER", "FUNCTION_SOURCE"),
        "handler",
        str,
        "`.`",
        "Handler: a file, folder or module, `:name`; several with commas between.",
    ),
    Variable(
        ("WHERRY_NAME", "FUNCTION_TARGET"),
        "name",
        str,
        "found",
        "Name of the handler function in its module.",
    ),
    Variable(
        ("WHERRY_SIGNATURE", "FUNCTION_SIGNATURE_TYPE"),
        "signature",
        str.lower,
        "found",
        "What the function is written for, as `--signature`.",
    ),
    Variable(
        ("WHERRY_FUNCTION", "K_SERVICE", "OPENFAAS_NAME"),
        "function",
        _name,
        "the handler's folder",
        "Name of the function in metrics, logs and emitted events.",
    ),
    Variable(("K_REVISION", "WHERRY_REVISION"), "revision", _name, "none", "Name of the revision."),
    Variable(("OPENFAAS_NAMESPACE", "WHERRY_NAMESPACE"), "namespace", _name, "none", "Namespace."),
    Variable(
        ("WHERRY_HOST",),
        "host",
        str,
        "`127.0.0.1`; `0.0.0.0` on a platform",
        "Address that the server and the metrics port listen on.",
    ),
    Variable(("PORT",), "port", _whole(0, 65535), "`8080`", "Port; 0 takes a free one."),
    Variable(
        ("WHERRY_METRICS_PORT",),
        "metrics_port",
        _metrics_port,
        "`8081`",
        "Port of `/metrics`; 0 takes a free one, `off` has none.",
    ),
    Variable(
        ("WHERRY_WORKERS",), "workers", _whole(1, 64), "`1`", "Processes; over 1 under gunicorn."
    ),
    Variable(("WHERRY_THREADS",), "threads", _whole(1, 1024), "`32`", "Threads for sync handlers."),
    Variable(
        ("WHERRY_MAX_INFLIGHT", "max_inflight"),
        "max_inflight",
        _whole(0, 100_000),
        "threads; 1000 for async handlers",
        "Calls that run at once in one worker; 0 is the default.",
    ),
    Variable(
        ("WHERRY_MAX_QUEUE",),
        "max_queue",
        _whole(0, 1_000_000),
        "10 times max in-flight; 0 when `max_inflight` is set",
        "Calls that wait for their turn in one worker; more are refused.",
    ),
    Variable(
        ("WHERRY_OVERLOAD_STATUS",),
        "overload_status",
        _whole(429, 503),
        "`429` on OpenFaaS or with `max_inflight`, else `503`",
        "Status of a refused call: 429 or 503.",
    ),
    Variable(
        ("WHERRY_MAX_CONNECTIONS",),
        "max_connections",
        _whole(1, 1_000_000),
        "three quarters of the descriptor limit, at most 10000",
        "Open connections in one worker; more wait in the backlog.",
    ),
    Variable(
        ("WHERRY_MAX_STUCK",),
        "max_stuck",
        _whole(0, 100_000),
        "half of the calls that may run at once",
        "Calls stuck long after their deadline at which a worker is replaced; 0 never replaces it.",
    ),
    Variable(
        ("WHERRY_MAX_REQUESTS",),
        "max_requests",
        _whole(0, 1 << 40),
        "`0`",
        "Calls, and up to a tenth more, after which a worker is replaced; 0 never replaces it.",
    ),
    Variable(
        ("WHERRY_SUPERVISE",),
        "supervise",
        _switch,
        "`true` on a platform, `false` locally",
        "Whether a parent process replaces the only worker when it dies or is worn out.",
    ),
    Variable(
        ("WHERRY_PRELOAD",),
        "preload",
        _switch,
        "`false`",
        "Whether several workers share one import of the handler; it must start no threads.",
    ),
    Variable(
        ("WHERRY_EXPLAIN_STARTUP",),
        "explain_startup",
        _one_of("off", "text", "json"),
        "`off`",
        "Whether to print where the time went once the function is ready.",
    ),
    Variable(
        ("WHERRY_TIMEOUT", "exec_timeout"),
        "timeout_s",
        duration_s,
        "`30s`",
        "Time until an answer must begin; then 504. `X-Timeout` may shorten it; 0 is none.",
    ),
    Variable(("WHERRY_HEAD_TIMEOUT",), "head_timeout_s", duration_s, "`10s`", "Time for a head."),
    Variable(("WHERRY_BODY_TIMEOUT",), "body_timeout_s", duration_s, "`30s`", "Time for a body."),
    Variable(
        ("WHERRY_WRITE_TIMEOUT",),
        "write_timeout_s",
        duration_s,
        "`30s`",
        "Time that a reader may accept nothing of an answer.",
    ),
    Variable(
        ("WHERRY_KEEPALIVE",),
        "keepalive_s",
        duration_s,
        "`120s`",
        "Time an idle connection stays; longer than the proxy's in front.",
    ),
    Variable(
        ("WHERRY_BLOCKED_LOOP",),
        "blocked_loop_s",
        duration_s,
        "`1s`",
        "Time that an async handler may keep the event loop from turning without a warning; 0 is "
        "no watch.",
    ),
    Variable(
        ("WHERRY_LAME_DUCK", "healthcheck_interval"),
        "lame_duck_s",
        duration_s,
        "`5s` on a platform, `0s` locally",
        "Time between SIGTERM (not ready) and closing the port.",
    ),
    Variable(
        ("WHERRY_DRAIN_TIMEOUT",),
        "drain_timeout_s",
        duration_s,
        "timeout + 1 s",
        "Time for calls in flight after the port has closed.",
    ),
    Variable(
        ("WHERRY_LIMIT_LINE",), "limit_line_bytes", _whole(64, 65536), "`4094`", "Request line."
    ),
    Variable(("WHERRY_LIMIT_FIELDS",), "limit_fields", _whole(1, 1000), "`100`", "Header fields."),
    Variable(
        ("WHERRY_LIMIT_FIELD",), "limit_field_bytes", _whole(64, 65536), "`8190`", "One field."
    ),
    Variable(
        ("WHERRY_LIMIT_BODY",),
        "limit_body_bytes",
        _whole(0, 1 << 34),
        "`10485760`",
        "Body in bytes; more is 413.",
    ),
    Variable(
        ("WHERRY_H2C",),
        "h2c",
        _switch,
        "`false`",
        "Whether HTTP/2 is spoken, too, with callers that begin with it; needs the extra `h2c`.",
    ),
    Variable(
        ("WHERRY_PROBES",),
        "probes",
        _probe_paths,
        "`on`",
        "Probe paths that the server answers: `on`, `off`, or the ones to answer.",
    ),
    Variable(
        ("WHERRY_LOCK_FILE",),
        "lock_file",
        _lock_file,
        "`$TMPDIR/.lock` on OpenFaaS, else `off`",
        "File that is there while the function is ready, for `exec` probes.",
    ),
    Variable(("suppress_lock",), "suppress_lock", _switch, "`false`", "No lock file by default."),
    Variable(
        ("WHERRY_TRUSTED_PROXIES",),
        "trusted_proxies",
        _networks,
        "`127.0.0.0/8,::1` on Knative, else `none`",
        "Networks of the proxies that are believed when they say who calls; `*` is everyone.",
    ),
    Variable(
        ("WHERRY_FORWARDED_FIELDS",),
        "forwarded_fields",
        _forwarded_fields,
        "`x-forwarded-for,x-forwarded-proto`",
        "What those proxies write themselves: these, `x-forwarded-host`, or `forwarded` alone.",
    ),
    Variable(
        ("WHERRY_WEBHOOK_ORIGINS",),
        "webhook_origins",
        _origins,
        "none",
        "Senders that may deliver events by web hook, as they call themselves; `*` is all.",
    ),
    Variable(
        ("WHERRY_WEBHOOK_RATE",),
        "webhook_rate",
        _rate,
        "`*`",
        "Deliveries a minute that such a sender is told it may make; `*` is no limit.",
    ),
    Variable(
        ("WHERRY_CE_HEADERS",),
        "event_headers",
        _one_of("strict", "knative"),
        "`knative` on Knative, else `strict`",
        "Whether `ce-` header values are percent-encoded.",
    ),
    Variable(("K_SINK", "WHERRY_SINK"), "sink", _url, "none", "Where emitted events go."),
    Variable(("K_CE_OVERRIDES",), "overrides", _overrides, "none", "Extensions of emitted events."),
    Variable(
        ("WHERRY_SECRETS_PATH",),
        "secrets_path",
        _paths,
        "`/var/openfaas/secrets:/run/secrets`",
        "Folders that secrets are read from.",
    ),
    Variable(
        ("WHERRY_LOG_FORMAT",),
        "log_format",
        _one_of("json", "console"),
        "`console` on a terminal, else `json`",
        "Shape of log lines.",
    ),
    Variable(
        ("WHERRY_LOG_LEVEL", "LOG_LEVEL"),
        "log_level",
        _one_of("debug", "info", "warning", "error", "critical"),
        "`info`",
        "Least level that is logged.",
    ),
    Variable(("WHERRY_ACCESS_LOG",), "access_log", _switch, "`true`", "One line for each call."),
    Variable(
        ("WHERRY_OPENTELEMETRY",),
        "opentelemetry",
        _switch,
        "`false`",
        "Whether calls and emitted events become OpenTelemetry spans; needs the extra `otel`.",
    ),
    Variable(
        ("WHERRY_CAPTURE_OUTPUT",),
        "capture_output",
        _switch,
        "`true`",
        "Whether what a call prints becomes lines of the log that name the call.",
    ),
    Variable(
        ("WHERRY_LISTEN_FD",),
        "listen_fd",
        _whole(3, 65535),
        "none",
        "Descriptor of a listening socket that a supervisor hands down.",
    ),
    Variable(
        ("WHERRY_READY_FD",),
        "ready_fd",
        _whole(3, 65535),
        "none",
        "Descriptor that gets one byte when the function is ready.",
    ),
)
