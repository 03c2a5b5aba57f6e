"""Message types of Envoy's API v2, and what v3 calls them. A table, and nothing else.

Each name of v3 was seen to be known to Envoy 1.40, and each of v2 not to be.
"""

from __future__ import annotations

import re

PREFIX = "type.googleapis.com/"
_V2 = re.compile(r"envoy\.(?:api\.v2|(?:config|service)\.[a-z0-9_.]+\.v(?:1|2)(?:alpha\d*)?)\..+")

_HTTP = "envoy.extensions.filters.http."
_LISTENER = "envoy.extensions.filters.listener."
_NETWORK = "envoy.extensions.filters.network."
_TLS = "envoy.extensions.transport_sockets.tls.v3."

_NEWER = {
    "envoy.api.v2.Cluster": "envoy.config.cluster.v3.Cluster",
    "envoy.api.v2.ClusterLoadAssignment": "envoy.config.endpoint.v3.ClusterLoadAssignment",
    "envoy.api.v2.Listener": "envoy.config.listener.v3.Listener",
    "envoy.api.v2.RouteConfiguration": "envoy.config.route.v3.RouteConfiguration",
    "envoy.api.v2.auth.DownstreamTlsContext": _TLS + "DownstreamTlsContext",
    "envoy.api.v2.auth.Secret": _TLS + "Secret",
    "envoy.api.v2.auth.UpstreamTlsContext": _TLS + "UpstreamTlsContext",
    "envoy.config.accesslog.v2.FileAccessLog": "envoy.extensions.access_loggers.file.v3."
    "FileAccessLog",
    "envoy.config.accesslog.v2.HttpGrpcAccessLogConfig": "envoy.extensions.access_loggers.grpc.v3."
    "HttpGrpcAccessLogConfig",
    "envoy.config.filter.http.buffer.v2.Buffer": _HTTP + "buffer.v3.Buffer",
    "envoy.config.filter.http.cors.v2.Cors": _HTTP + "cors.v3.Cors",
    "envoy.config.filter.http.csrf.v2.CsrfPolicy": _HTTP + "csrf.v3.CsrfPolicy",
    "envoy.config.filter.http.ext_authz.v2.ExtAuthz": _HTTP + "ext_authz.v3.ExtAuthz",
    "envoy.config.filter.http.fault.v2.HTTPFault": _HTTP + "fault.v3.HTTPFault",
    "envoy.config.filter.http.grpc_stats.v2alpha.FilterConfig": _HTTP
    + "grpc_stats.v3.FilterConfig",
    "envoy.config.filter.http.header_to_metadata.v2.Config": _HTTP + "header_to_metadata.v3.Config",
    "envoy.config.filter.http.health_check.v2.HealthCheck": _HTTP + "health_check.v3.HealthCheck",
    "envoy.config.filter.http.ip_tagging.v2.IPTagging": _HTTP + "ip_tagging.v3.IPTagging",
    "envoy.config.filter.http.jwt_authn.v2alpha.JwtAuthentication": _HTTP
    + "jwt_authn.v3.JwtAuthentication",
    "envoy.config.filter.http.lua.v2.Lua": _HTTP + "lua.v3.Lua",
    "envoy.config.filter.http.rate_limit.v2.RateLimit": _HTTP + "ratelimit.v3.RateLimit",
    "envoy.config.filter.http.rbac.v2.RBAC": _HTTP + "rbac.v3.RBAC",
    "envoy.config.filter.http.router.v2.Router": _HTTP + "router.v3.Router",
    "envoy.config.filter.http.transcoder.v2.GrpcJsonTranscoder": _HTTP
    + "grpc_json_transcoder.v3.GrpcJsonTranscoder",
    "envoy.config.filter.listener.http_inspector.v2.HttpInspector": _LISTENER
    + "http_inspector.v3.HttpInspector",
    "envoy.config.filter.listener.original_dst.v2.OriginalDst": _LISTENER
    + "original_dst.v3.OriginalDst",
    "envoy.config.filter.listener.proxy_protocol.v2.ProxyProtocol": _LISTENER
    + "proxy_protocol.v3.ProxyProtocol",
    "envoy.config.filter.listener.tls_inspector.v2.TlsInspector": _LISTENER
    + "tls_inspector.v3.TlsInspector",
    "envoy.config.filter.network.ext_authz.v2.ExtAuthz": _NETWORK + "ext_authz.v3.ExtAuthz",
    "envoy.config.filter.network.http_connection_manager.v2.HttpConnectionManager": _NETWORK
    + "http_connection_manager.v3.HttpConnectionManager",
    "envoy.config.filter.network.mongo_proxy.v2.MongoProxy": _NETWORK + "mongo_proxy.v3.MongoProxy",
    "envoy.config.filter.network.rate_limit.v2.RateLimit": _NETWORK + "ratelimit.v3.RateLimit",
    "envoy.config.filter.network.rbac.v2.RBAC": _NETWORK + "rbac.v3.RBAC",
    "envoy.config.filter.network.redis_proxy.v2.RedisProxy": _NETWORK + "redis_proxy.v3.RedisProxy",
    "envoy.config.filter.network.tcp_proxy.v2.TcpProxy": _NETWORK + "tcp_proxy.v3.TcpProxy",
    "envoy.config.trace.v2.ZipkinConfig": "envoy.config.trace.v3.ZipkinConfig",
}


def is_v2(type_url: str) -> bool:
    """Whether `type_url` names a message of API v2."""
    return _V2.fullmatch(type_url.removeprefix(PREFIX)) is not None


def newer(type_url: str) -> str | None:
    """The type URL in API v3, None where it is not known."""
    found = _NEWER.get(type_url.removeprefix(PREFIX))
    return None if found is None else PREFIX + found
