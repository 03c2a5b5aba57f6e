"""Checks of the values that users give and manifests carry: names, references, hosts.

Every check is a `fullmatch` over ASCII with a length limit, returns the value unchanged, and raises
`InvalidName` with what was expected. It knows nothing of where the value is used.
"""

from __future__ import annotations

import re

from wherry_build.errors import InvalidName

_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_SERVICE = r"[a-z](?:[a-z0-9-]*[a-z0-9])?"
_ENV = r"[A-Za-z_][A-Za-z0-9_]*"
_MODULE_FILE = r"[A-Za-z_][A-Za-z0-9_]*\.py"
_EVENT_TYPE = r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_DOMAIN_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_DOMAIN = rf"{_DOMAIN_LABEL}(?:\.{_DOMAIN_LABEL})*(?::[0-9]{{1,5}})?"
_LOWER_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_REGISTRY = rf"{_LOWER_LABEL}(?:\.{_LOWER_LABEL})*(?::[0-9]{{1,5}})?"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}"
_REPOSITORY = rf"(?:{_REGISTRY}/)?{_COMPONENT}(?:/{_COMPONENT})*"
_DIGEST = r"sha256:[0-9a-f]{64}"
_HOST = rf"(?:\*\.)?{_DOMAIN_LABEL}(?:\.{_DOMAIN_LABEL})*"
_SUBDOMAIN = rf"{_LOWER_LABEL}(?:\.{_LOWER_LABEL})*"
_URL = rf"https?://{_DOMAIN}(?:/[A-Za-z0-9._~/-]*)?"
_PACKAGE = r"[a-z0-9][a-z0-9+._-]*(?:=[A-Za-z0-9.+:~_-]+)?"
_SECRET_ID = r"[A-Za-z0-9][A-Za-z0-9._-]*"  # noqa: S105 - a form, and no password
_RESERVED_ENV = frozenset({"PORT", "K_SERVICE", "K_CONFIGURATION", "K_REVISION"})
_SHOWN = 80


def _is(pattern: str, value: str) -> bool:
    """Whether `value` is of the form; what nobody asks for in a process is not compiled there."""
    return re.fullmatch(pattern, value, re.ASCII) is not None


def function_name(value: str) -> str:
    """A name for a function: a DNS-1035 label, as a Knative Service's name must be."""
    if len(value) <= 63 and _is(_SERVICE, value):
        return value
    raise _refused(
        value,
        "function name",
        "lower-case letters, digits and dashes, a letter first, at most 63",
        hint=f"call it {nearest_function_name(value)!r}",
    )


def nearest_function_name(value: str) -> str:
    """The valid function name that is most like `value`."""
    words = re.sub(r"[^a-z0-9]+", "-", value.lower()).lstrip("0123456789-")
    return words[:63].strip("-") or "function"


def service_name(value: str) -> str:
    """The name of a Kubernetes Service: a DNS-1035 label."""
    if len(value) <= 63 and _is(_SERVICE, value):
        return value
    raise _refused(
        value, "service", "lower-case letters, digits and dashes, a letter first, at most 63"
    )


def namespace(value: str) -> str:
    """A Kubernetes namespace: a DNS-1123 label."""
    if len(value) <= 63 and _is(_LABEL, value):
        return value
    raise _refused(value, "namespace", "lower-case letters, digits and dashes, at most 63")


def secret_name(value: str) -> str:
    """The name of a Secret: a DNS-1123 label, as OpenFaaS has it too."""
    if len(value) <= 63 and _is(_LABEL, value):
        return value
    raise _refused(value, "secret", "lower-case letters, digits and dashes, at most 63")


def gateway_class(value: str) -> str:
    """The name of a GatewayClass: a DNS-1123 subdomain."""
    if len(value) <= 253 and _is(_SUBDOMAIN, value):
        return value
    raise _refused(
        value, "gateway class", "lower-case letters, digits, dashes and dots, at most 253"
    )


def project_name(value: str) -> str:
    """The name of a project, which is a label's value: as a DNS-1123 label."""
    if len(value) <= 63 and _is(_LABEL, value):
        return value
    raise _refused(value, "project", "lower-case letters, digits and dashes, at most 63")


def environment_name(value: str) -> str:
    """The name of an environment variable that a container may be given."""
    if value in _RESERVED_ENV:
        raise _refused(value, "environment variable", "a name that the platform does not set")
    if len(value) <= 253 and _is(_ENV, value):
        return value
    raise _refused(value, "environment variable", "letters, digits and underscores, no digit first")


def system_package(value: str) -> str:
    """A package of a distribution, with a version where one is wanted: `libpq5=15.8-0`."""
    if len(value) <= 256 and _is(_PACKAGE, value):
        return value
    raise _refused(value, "package", "a package such as `libpq5`, or `libpq5=15.8-0`")


def build_secret(value: str) -> str:
    """The id by which a step of a Dockerfile reads a build secret."""
    if len(value) <= 63 and _is(_SECRET_ID, value):
        return value
    raise _refused(value, "build secret", "letters, digits, `-`, `_` and `.`, at most 63")


def image_tag(value: str) -> str:
    """The tag of an image reference, without its repository."""
    if _is(_TAG, value):
        return value
    raise _refused(value, "image tag", "letters, digits, `_`, `.` and `-`, at most 128")


def image_repository(value: str) -> str:
    """A repository, or the prefix of one: `ghcr.io/acme`, with neither tag nor digest."""
    if len(value) <= 255 and _is(_REPOSITORY, value):
        return value
    raise _refused(value, "image repository", "lower-case parts divided by `/`, `ghcr.io/acme`")


def image_reference(value: str) -> str:
    """An image reference: `[registry/]repository[:tag][@sha256:...]`."""
    name, at, digest = value.partition("@")
    repository, colon, tag = name.rpartition(":")
    if "/" in tag or not colon:
        repository, colon, tag = name, "", ""
    valid = (
        len(repository) <= 255
        and _is(_REPOSITORY, repository)
        and (not colon or _is(_TAG, tag))
        and (not at or _is(_DIGEST, digest))
    )
    if valid:
        return value
    raise _refused(value, "image reference", "`[registry/]name[:tag][@sha256:digest]`")


def host(value: str) -> str:
    """A host name that a gateway serves; `*.` may lead it."""
    if len(value) <= 253 and _is(_HOST, value):
        return value.lower()
    raise _refused(value, "host", "a DNS name such as `fns.example.com`")


def url(value: str) -> str:
    """An `http://` or `https://` URL without credentials, query or fragment."""
    if len(value) <= 2048 and _is(_URL, value):
        return value
    raise _refused(value, "URL", "`http://host[:port][/path]` without credentials")


def event_type(value: str) -> str:
    """A CloudEvents `type`: visible ASCII, not empty, at most 1024."""
    if len(value) <= 1024 and _is(_EVENT_TYPE, value):
        return value
    raise _refused(value, "event type", "printable ASCII such as `com.acme.order.placed`")


def handler_file(value: str) -> str:
    """The file name of a handler: a Python module's."""
    if len(value) <= 255 and _is(_MODULE_FILE, value):
        return value
    raise _refused(value, "handler file", "a Python module name such as `handler.py`")


def _refused(value: str, what: str, expected: str, *, hint: str = "") -> InvalidName:
    shown = ascii(value)
    shown = shown if len(shown) <= _SHOWN else shown[: _SHOWN - 3] + "..."
    return InvalidName(f"{what}: got {shown}, expected {expected}", hint=hint)
