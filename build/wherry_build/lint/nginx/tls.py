"""Rules over what TLS an nginx.conf offers."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

from wherry_build.lint.bundle import Bundle
from wherry_build.lint.finding import Severity
from wherry_build.lint.nginx.configuration import Directive, configurations
from wherry_build.lint.nginx.workloads import versions_of
from wherry_build.lint.rule import Fault, rule

_BROKEN = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1")
_NEWEST = "TLSv1.3"
_HTTP2_DIRECTIVE = (1, 25, 1)
_SHOWN = 3
_FROM_ELSEWHERE = ("$", "PROFILE=")


@rule("NGX001", Severity.ERROR, "TLS is offered below 1.2, without 1.3, or with weak suites")
def weak_tls(bundle: Bundle) -> Iterator[Fault]:
    """Suites are those that OpenSSL makes of the list; what is not said is not judged."""
    for root in configurations(bundle):
        for directive in root.walk():
            if directive.name == "ssl_protocols":
                yield from _protocols(directive)
            elif directive.name == "ssl_ciphers":
                yield from _ciphers(directive)


@rule("NGX006", Severity.ERROR, "the directive http2 is given to an NGINX that does not know it")
def http2_directive(bundle: Bundle) -> Iterator[Fault]:
    """Where the tag of the image that reads the file tells its version."""
    for root in configurations(bundle):
        versions = versions_of(bundle, root)
        if not versions or min(versions) >= _HTTP2_DIRECTIVE:
            continue
        shown = ".".join(map(str, min(versions)[:2]))
        for directive in root.walk():
            if directive.name == "http2":
                yield directive.fault(
                    f"got http2 {directive.value} for NGINX {shown}, which knows it since 1.25.1",
                    hint="write `listen ... ssl http2`, or take a newer image",
                )


def _protocols(directive: Directive) -> Iterator[Fault]:
    broken = [name for name in directive.arguments if name in _BROKEN]
    if broken:
        yield directive.fault(
            f"got {' '.join(broken)}, expected TLSv1.2 and {_NEWEST} only",
            hint=f"write ssl_protocols TLSv1.2 {_NEWEST}",
        )
    elif _NEWEST not in directive.arguments:
        yield directive.fault(
            f"got {' '.join(directive.arguments)}, expected {_NEWEST} as well",
            hint=f"write ssl_protocols TLSv1.2 {_NEWEST}",
        )


def _ciphers(directive: Directive) -> Iterator[Fault]:
    listed = directive.value
    if not listed or any(mark in listed for mark in _FROM_ELSEWHERE):
        return
    weak = sorted(_weak_suites(listed), key=lambda told: "(CBC)" in told)
    if weak:
        more = f" and {len(weak) - _SHOWN} more" if len(weak) > _SHOWN else ""
        yield directive.fault(
            f"got {', '.join(weak[:_SHOWN])}{more}, expected ECDHE with GCM or ChaCha20 only",
            hint="list the six suites ECDHE-{ECDSA,RSA}-{AES128-GCM-SHA256,AES256-GCM-SHA384,"
            "CHACHA20-POLY1305}",
        )


def _weak_suites(listed: str) -> Iterator[str]:
    """Each suite of the list without forward secrecy, authentication or an AEAD."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.set_ciphers(listed)
    except (ssl.SSLError, ValueError):
        yield f"{listed} (no suite that OpenSSL knows)"
        return
    for suite in context.get_ciphers():
        told: dict[str, object] = {**suite}
        if told.get("kea") == "kx-rsa":
            yield f"{suite['name']} (no forward secrecy)"
        elif told.get("auth") == "auth-null":
            yield f"{suite['name']} (no authentication)"
        elif told.get("aead") is False:
            yield f"{suite['name']} (CBC)"
