"""The settings as the environment spells them: names, how each is read, what it means.

A setting may have several names, because each platform has its own (`PORT`, `K_SERVICE`,
`exec_timeout`). From this table `wherry.config` makes a `Config`, and the reference page is
checked against it. Nothing here reads the environment.
"""

from __future__ import annotations

from wherry import setting
from wherry.deadline import duration_s
from wherry.setting import LABEL, Variable, extensions, label, one_of, switch, whole

__all__ = ["LABEL", "VARIABLES"]

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
        label,
        "the handler's folder",
        "Name of the function in metrics, logs and emitted events.",
    ),
    Variable(("K_REVISION", "WHERRY_REVISION"), "revision", label, "none", "Name of the revision."),
    Variable(("OPENFAAS_NAMESPACE", "WHERRY_NAMESPACE"), "namespace", label, "none", "Namespace."),
    Variable(
        ("WHERRY_HOST",),
        "host",
        str,
        "`127.0.0.1`; `0.0.0.0` on a platform",
        "Address that the server and the metrics port listen on.",
    ),
    Variable(("PORT",), "port", whole(0, 65535), "`8080`", "Port; 0 takes a free one."),
    Variable(
        ("WHERRY_METRICS_PORT",),
        "metrics_port",
        setting.metrics_port,
        "`8081`",
        "Port of `/metrics`; 0 takes a free one, `off` has none.",
    ),
    Variable(
        ("WHERRY_WORKERS",), "workers", whole(1, 64), "`1`", "Processes; over 1 under gunicorn."
    ),
    Variable(("WHERRY_THREADS",), "threads", whole(1, 1024), "`32`", "Threads for sync handlers."),
    Variable(
        ("WHERRY_MAX_INFLIGHT", "max_inflight"),
        "max_inflight",
        whole(0, 100_000),
        "threads; 1000 for async handlers",
        "Calls that run at once in one worker; 0 is the default.",
    ),
    Variable(
        ("WHERRY_MAX_QUEUE",),
        "max_queue",
        whole(0, 1_000_000),
        "10 times max in-flight; 0 when `max_inflight` is set",
        "Calls that wait for their turn in one worker; more are refused.",
    ),
    Variable(
        ("WHERRY_OVERLOAD_STATUS",),
        "overload_status",
        whole(429, 503),
        "`429` on OpenFaaS or with `max_inflight`, else `503`",
        "Status of a refused call: 429 or 503.",
    ),
    Variable(
        ("WHERRY_MAX_CONNECTIONS",),
        "max_connections",
        whole(1, 1_000_000),
        "three quarters of the descriptor limit, at most 10000",
        "Open connections in one worker; more wait in the backlog.",
    ),
    Variable(
        ("WHERRY_MAX_STUCK",),
        "max_stuck",
        whole(0, 100_000),
        "half of the calls that may run at once",
        "Calls stuck long after their deadline at which a worker is replaced; 0 never replaces it.",
    ),
    Variable(
        ("WHERRY_MAX_REQUESTS",),
        "max_requests",
        whole(0, 1 << 40),
        "`0`",
        "Calls, and up to a tenth more, after which a worker is replaced; 0 never replaces it.",
    ),
    Variable(
        ("WHERRY_SUPERVISE",),
        "supervise",
        switch,
        "`true` on a platform, `false` locally",
        "Whether a parent process replaces the only worker when it dies or is worn out.",
    ),
    Variable(
        ("WHERRY_PRELOAD",),
        "preload",
        switch,
        "`false`",
        "Whether several workers share one import of the handler; it must start no threads.",
    ),
    Variable(
        ("WHERRY_EXPLAIN_STARTUP",),
        "explain_startup",
        one_of("off", "text", "json"),
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
        ("WHERRY_LIMIT_LINE",), "limit_line_bytes", whole(64, 65536), "`4094`", "Request line."
    ),
    Variable(("WHERRY_LIMIT_FIELDS",), "limit_fields", whole(1, 1000), "`100`", "Header fields."),
    Variable(
        ("WHERRY_LIMIT_FIELD",), "limit_field_bytes", whole(64, 65536), "`8190`", "One field."
    ),
    Variable(
        ("WHERRY_LIMIT_BODY",),
        "limit_body_bytes",
        whole(0, 1 << 34),
        "`10485760`",
        "Body in bytes; more is 413.",
    ),
    Variable(
        ("WHERRY_H2C",),
        "h2c",
        switch,
        "`false`",
        "Whether HTTP/2 is spoken, too, with callers that begin with it; needs the extra `h2c`.",
    ),
    Variable(
        ("WHERRY_PROBES",),
        "probes",
        setting.probe_paths,
        "`on`",
        "Probe paths that the server answers: `on`, `off`, or the ones to answer.",
    ),
    Variable(
        ("WHERRY_LOCK_FILE",),
        "lock_file",
        setting.lock_file,
        "`$TMPDIR/.lock` on OpenFaaS, else `off`",
        "File that is there while the function is ready, for `exec` probes.",
    ),
    Variable(("suppress_lock",), "suppress_lock", switch, "`false`", "No lock file by default."),
    Variable(
        ("WHERRY_TRUSTED_PROXIES",),
        "trusted_proxies",
        setting.networks,
        "`127.0.0.0/8,::1` on Knative, else `none`",
        "Networks of the proxies that are believed when they say who calls; `*` is everyone.",
    ),
    Variable(
        ("WHERRY_FORWARDED_FIELDS",),
        "forwarded_fields",
        setting.forwarded_fields,
        "`x-forwarded-for,x-forwarded-proto`",
        "What those proxies write themselves: these, `x-forwarded-host`, or `forwarded` alone.",
    ),
    Variable(
        ("WHERRY_WEBHOOK_ORIGINS",),
        "webhook_origins",
        setting.origins,
        "none",
        "Senders that may deliver events by web hook, as they call themselves; `*` is all.",
    ),
    Variable(
        ("WHERRY_WEBHOOK_RATE",),
        "webhook_rate",
        setting.rate,
        "`*`",
        "Deliveries a minute that such a sender is told it may make; `*` is no limit.",
    ),
    Variable(
        ("WHERRY_CE_HEADERS",),
        "event_headers",
        one_of("strict", "knative"),
        "`knative` on Knative, else `strict`",
        "Whether `ce-` header values are percent-encoded.",
    ),
    Variable(("K_SINK", "WHERRY_SINK"), "sink", setting.url, "none", "Where emitted events go."),
    Variable(("K_CE_OVERRIDES",), "overrides", extensions, "none", "Extensions of emitted events."),
    Variable(
        ("WHERRY_SECRETS_PATH",),
        "secrets_path",
        setting.paths,
        "`/var/openfaas/secrets:/run/secrets`",
        "Folders that secrets are read from.",
    ),
    Variable(
        ("WHERRY_LOG_FORMAT",),
        "log_format",
        one_of("json", "console"),
        "`console` on a terminal, else `json`",
        "Shape of log lines.",
    ),
    Variable(
        ("WHERRY_LOG_LEVEL", "LOG_LEVEL"),
        "log_level",
        one_of("debug", "info", "warning", "error", "critical"),
        "`info`",
        "Least level that is logged.",
    ),
    Variable(("WHERRY_ACCESS_LOG",), "access_log", switch, "`true`", "One line for each call."),
    Variable(
        ("WHERRY_OPENTELEMETRY",),
        "opentelemetry",
        switch,
        "`false`",
        "Whether calls and emitted events become OpenTelemetry spans; needs the extra `otel`.",
    ),
    Variable(
        ("WHERRY_CAPTURE_OUTPUT",),
        "capture_output",
        switch,
        "`true`",
        "Whether what a call prints becomes lines of the log that name the call.",
    ),
    Variable(
        ("WHERRY_LISTEN_FD",),
        "listen_fd",
        whole(3, 65535),
        "none",
        "Descriptor of a listening socket that a supervisor hands down.",
    ),
    Variable(
        ("WHERRY_READY_FD",),
        "ready_fd",
        whole(3, 65535),
        "none",
        "Descriptor that gets one byte when the function is ready.",
    ),
)
