"""Every setting of the runtime, resolved once and then frozen.

The only module that reads the environment, by the names in `wherry.variables`. It knows nothing of
sockets, handlers or processes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from wherry import paths
from wherry.context import Identity, Platform
from wherry.errors import ConfigError
from wherry.setting import Variable, is_label
from wherry.values import frozen, replaced
from wherry.variables import VARIABLES

_RESERVED_PORTS = frozenset({8008, 8012, 8013, 8022, 9090, 9091})


@frozen
class Config:
    """The resolved settings; each is described in `wherry.variables`.

    Times are seconds, sizes bytes. `None` stands for a default that depends on the handler or
    the machine and is resolved where that is known.
    """

    handler: str = "."
    name: str | None = None
    signature: str | None = None
    function: str = "function"
    revision: str = ""
    namespace: str = ""
    platform: Platform = Platform.LOCAL
    host: str = "127.0.0.1"
    port: int = 8080
    metrics_port: int | None = 8081
    metrics_host: str | None = None
    workers: int = 1
    threads: int = 32
    max_inflight: int = 0
    max_queue: int | None = None
    overload_status: int = 503
    max_connections: int | None = None
    max_stuck: int | None = None
    max_requests: int = 0
    supervise: bool = False
    preload: bool = False
    explain_startup: str = "off"
    timeout_s: float = 30.0
    head_timeout_s: float = 10.0
    body_timeout_s: float = 30.0
    write_timeout_s: float = 30.0
    keepalive_s: float = 120.0
    blocked_loop_s: float = 1.0
    lame_duck_s: float = 0.0
    drain_timeout_s: float = 31.0
    limit_line_bytes: int = 4094
    limit_fields: int = 100
    limit_field_bytes: int = 8190
    limit_body_bytes: int = 10 * 1024 * 1024
    h2c: bool = False
    probes: tuple[str, ...] | None = None
    lock_file: str | None = None
    suppress_lock: bool = False
    trusted_proxies: tuple[str, ...] = ()
    forwarded_fields: tuple[str, ...] = ("x-forwarded-for", "x-forwarded-proto")
    webhook_origins: tuple[str, ...] = ()
    webhook_rate: int | None = None
    event_headers: str = "strict"
    sink: str | None = None
    overrides: Mapping[str, str] = MappingProxyType({})
    secrets_path: tuple[str, ...] = ("/var/openfaas/secrets", "/run/secrets")
    log_format: str = "json"
    log_level: str = "info"
    access_log: bool = True
    capture_output: bool = True
    opentelemetry: bool = False
    listen_fd: int | None = None
    ready_fd: int | None = None

    @classmethod
    def from_environment(cls, overrides: Mapping[str, str] | None = None) -> Config:
        """Read the environment, with `overrides` (by variable name) before it.

        Raises:
            ConfigError: A variable has a value that cannot be used.
        """
        environment = {**os.environ, **(overrides or {})}
        given: dict[str, Any] = {}
        for variable in VARIABLES:
            for name in variable.names:
                text = environment.get(name, "")
                if text:
                    given[variable.field] = _parsed(variable, name, text)
                    break
        platform = detect_platform(environment)
        given["platform"] = platform
        _settle(
            given, platform, watchdog_limit=environment.get("max_inflight", "") not in {"", "0"}
        )
        if platform is Platform.OPENFAAS and not given.get("suppress_lock", False):
            folder = environment.get("TMPDIR") or "/tmp"  # noqa: S108 - where the watchdog has it
            given.setdefault("lock_file", paths.joined(folder, ".lock"))
        return cls(**given)

    @property
    def identity(self) -> Identity:
        """The name under which this process serves."""
        return Identity(
            function=self.function,
            revision=self.revision,
            namespace=self.namespace,
            platform=self.platform,
        )

    def with_(self, **changes: Any) -> Config:
        """A copy with `changes`, by field name."""
        return replaced(self, **changes)


def detect_platform(environment: Mapping[str, str]) -> Platform:
    """The platform that set this environment."""
    if environment.get("K_SERVICE"):
        return Platform.KNATIVE
    if environment.get("OPENFAAS_NAME") or environment.get("OPENFAAS_NAMESPACE"):
        return Platform.OPENFAAS
    if environment.get("KUBERNETES_SERVICE_HOST"):
        return Platform.KUBERNETES
    return Platform.LOCAL


def _parsed(variable: Variable, name: str, text: str) -> Any:
    try:
        return variable.parse(text)
    except ValueError as error:
        shown = text if len(text) <= 64 else text[:61] + "..."
        raise ConfigError(f"{name}: got {shown!r}, {error}", hint=f"unset {name}") from None


def _settle(given: dict[str, Any], platform: Platform, *, watchdog_limit: bool) -> None:
    """Fill in the defaults that follow from other settings."""
    deployed = platform is not Platform.LOCAL
    given.setdefault("function", folder_name(given.get("handler", ".")))
    given.setdefault("host", "0.0.0.0" if deployed else "127.0.0.1")
    given.setdefault("lame_duck_s", 5.0 if deployed else 0.0)
    given.setdefault("supervise", deployed)
    given.setdefault("drain_timeout_s", given.get("timeout_s", 30.0) + 1.0)
    knative = platform is Platform.KNATIVE
    given.setdefault("event_headers", "knative" if knative else "strict")
    if knative:
        # Its queue-proxy is in the same pod; whoever calls past it comes from another address.
        given.setdefault("trusted_proxies", ("127.0.0.0/8", "::1/128"))
    given.setdefault("log_format", "console" if os.isatty(2) else "json")
    polite = watchdog_limit or platform is Platform.OPENFAAS
    if given.setdefault("overload_status", 429 if polite else 503) not in {429, 503}:
        raise ConfigError("WHERRY_OVERLOAD_STATUS: expected 429 or 503")
    if watchdog_limit:
        given.setdefault("max_queue", 0)
    if knative and given.get("metrics_port", 8081) in _RESERVED_PORTS:
        raise ConfigError(
            f"WHERRY_METRICS_PORT: {given['metrics_port']} is reserved by Knative",
            hint="WHERRY_METRICS_PORT=8081",
        )


def folder_name(handler: str) -> str:
    """The name of the function that `handler` names; of several, that of the folder of the first.

    `function` where the folder's name cannot be one.
    """
    is_list = "," in handler and not paths.exists(handler)
    first = handler.partition(",")[0].strip() if is_list else handler
    path = paths.absolute(first.partition(":")[0])
    if is_list:
        path = paths.parent_of(path)
    if paths.suffix_of(path) == ".py":
        path = path.removesuffix(".py")
        if paths.name_of(path) in {"handler", "func", "main"}:
            path = paths.parent_of(path)
    if paths.name_of(path) == "function":
        path = paths.parent_of(path)
    name = paths.name_of(path)
    return name if is_label(name) else "function"
