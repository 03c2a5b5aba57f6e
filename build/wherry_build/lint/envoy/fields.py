"""Deprecated fields of Envoy's API v3, and what takes their place. A table, and nothing else.

Each was seen to give a warning when Envoy 1.40 loaded it.
"""

from __future__ import annotations

from collections.abc import Mapping

from wherry_build.lint.node import Keys

_PROTOCOL_OPTIONS = (
    "typed_extension_protocol_options with envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
)
_DNS = "cluster_type envoy.clusters.dns with its DnsCluster"
_RESOLVER = "typed_dns_resolver_config"
_LOG_FORMAT = "log_format"
_ACCESS_LOG_OPTIONS = "access_log_options"
_REDIRECT = "internal_redirect_policy"

BY_SECTION: Mapping[str, Mapping[str, str]] = {
    "bootstrap": {
        "dns_resolution_config": _RESOLVER,
        "tracing": "tracing.provider of the connection manager",
        "use_tcp_for_dns_lookups": _RESOLVER,
        "watchdog": "watchdogs",
    },
    "admin": {"access_log_path": "access_log, a list of typed loggers"},
    "cluster": {
        "common_http_protocol_options": _PROTOCOL_OPTIONS,
        "dns_refresh_rate": _DNS,
        "dns_resolution_config": _RESOLVER,
        "dns_resolvers": _RESOLVER,
        "http2_protocol_options": _PROTOCOL_OPTIONS,
        "http_protocol_options": _PROTOCOL_OPTIONS,
        "max_requests_per_connection": _PROTOCOL_OPTIONS,
        "protocol_selection": _PROTOCOL_OPTIONS,
        "respect_dns_ttl": _DNS,
        "track_timeout_budgets": "track_cluster_stats.timeout_budgets",
        "upstream_http_protocol_options": _PROTOCOL_OPTIONS,
        "use_tcp_for_dns_lookups": _RESOLVER,
    },
    "listener": {"reuse_port": "enable_reuse_port"},
    "filter chain": {"use_proxy_proto": "the listener filter proxy_protocol"},
    "connection manager": {
        "access_log_flush_interval": _ACCESS_LOG_OPTIONS,
        "flush_access_log_on_new_request": _ACCESS_LOG_OPTIONS,
    },
    "file access log": {
        "format": _LOG_FORMAT,
        "json_format": _LOG_FORMAT,
        "typed_json_format": _LOG_FORMAT,
    },
    "route action": {
        "cors": "the filter envoy.filters.http.cors, by typed_per_filter_config",
        "include_vh_rate_limits": "vh_rate_limits of the filter ratelimit, per route",
        "internal_redirect_action": _REDIRECT,
        "max_grpc_timeout": "max_stream_duration",
        "max_internal_redirects": _REDIRECT,
    },
}

ANYWHERE: Mapping[str, str] = {
    "google_re2": "nothing: RE2 is the only engine",
    "match_subject_alt_names": "match_typed_subject_alt_names",
}

_HEADER_MATCH: Mapping[str, str] = dict.fromkeys(
    ("contains_match", "exact_match", "prefix_match", "safe_regex_match", "suffix_match"),
    "string_match",
)
_HEADER_ADDED: Mapping[str, str] = {"append": "append_action"}
_ADDED = frozenset({"request_headers_to_add", "response_headers_to_add"})


def in_list(keys: Keys) -> Mapping[str, str]:
    """The deprecated fields of an item, by the list that it is in."""
    if len(keys) > 1 and keys[-2] == "headers":
        return _HEADER_MATCH
    if len(keys) > 1 and keys[-2] in _ADDED:
        return _HEADER_ADDED
    if keys and keys[-1] == "log_format":
        return {"text_format": "text_format_source"}
    return {}
