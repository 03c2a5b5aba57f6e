"""Rules over OpenFaaS's stack.yaml, its Function objects and routes to functions: OFA001 to 005."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wherry_build.lint.bundle import Bundle, grouped
from wherry_build.lint.document import Document, Form
from wherry_build.lint.finding import Severity
from wherry_build.lint.istio.names import cluster_host, subset_hosts
from wherry_build.lint.node import Keys, Node, items, mapping, text
from wherry_build.lint.rule import Fault, fault, rule

_NAMESPACE = "openfaas-fn"
_VERSION = "1.0"
_LOCALHOST = re.compile(r"https?://localhost(?:[:/].*)?", re.IGNORECASE)
_TEMPLATE = re.compile(r"[A-Za-z0-9._-]+")
_ENDED = {"node": "node22"}
_OF_LABELS = ("com.openfaas.scale.",)
_OF_ANNOTATIONS = (
    "com.openfaas.health.",
    "com.openfaas.ready.",
    "com.openfaas.profile",
    "com.openfaas.retry.",
)


def _functions(bundle: Bundle) -> Iterator[tuple[Document, Keys, Node]]:
    """Each function of a stack or of a Function object, with its keys."""
    for document in bundle.of_form(Form.STACK):
        for name, function in mapping(document.get("functions")).items():
            yield document, ("functions", name), mapping(function)
    for document in bundle.of_kind("Function", "openfaas.com"):
        yield document, ("spec",), mapping(document.get("spec"))


@rule("OFA001", Severity.WARNING, "a function's image names no registry, so it cannot be pushed")
def image_without_registry(bundle: Bundle) -> Iterator[Fault]:
    """A name of one part is taken for one of Docker Hub's own images."""
    for document, keys, function in _functions(bundle):
        image = text(function.get("image"))
        if not image or "/" in image or "$" in image or function.get("skip_build") is True:
            continue
        yield fault(
            document,
            (*keys, "image"),
            f"got image {image!r}, expected one with its registry or owner",
            hint=f"write ghcr.io/OWNER/{image}, or wherever your cluster pulls from",
        )


@rule("OFA002", Severity.WARNING, "the stack's version is missing, or its gateway is `localhost`")
def stack_header(bundle: Bundle) -> Iterator[Fault]:
    """`localhost` may be ::1, where a forwarded port does not listen."""
    for document in bundle.of_form(Form.STACK):
        version = document.get("version")
        if str(version) != _VERSION:
            yield fault(
                document,
                ("version",),
                f"got version {version!r}, expected '{_VERSION}'"
                if version is not None
                else f"got no version, expected '{_VERSION}'",
                hint=f'write version: "{_VERSION}" at the top',
            )
        gateway = text(document.get("provider", "gateway"))
        if _LOCALHOST.fullmatch(gateway):
            yield fault(
                document,
                ("provider", "gateway"),
                f"got gateway {gateway}, expected an address that means one thing",
                hint=f"write {gateway.lower().replace('localhost', '127.0.0.1', 1)}",
            )


@rule("OFA003", Severity.ERROR, "a function's template is none that there is")
def unknown_template(bundle: Bundle) -> Iterator[Fault]:
    """Any name may be a template of one's own; said is what ended, and what can be no name."""
    for document, keys, function in _functions(bundle):
        language = text(function.get("lang"))
        if document.form is not Form.STACK or not language:
            continue
        if not _TEMPLATE.fullmatch(language) and "$" not in language:
            yield fault(
                document,
                (*keys, "lang"),
                f"got lang {language!r}, expected letters, digits, `.`, `_` and `-`",
                hint="a dash pasted from a page may be another character than `-`",
            )
        elif language in _ENDED and not _is_given(bundle, document, language):
            yield fault(
                document,
                (*keys, "lang"),
                f"got lang {language!r}, and that template is no more",
                hint=f"write lang: {_ENDED[language]}, and give the handler its form",
            )


def _is_given(bundle: Bundle, stack: Document, language: str) -> bool:
    """Whether the stack says where to get the template, or the template is among the files."""
    for template in items(stack.get("configuration", "templates")):
        if mapping(template).get("name") == language:
            return True
    return any(
        document.get("language") is not None and f"template/{language}/" in document.path
        for document in bundle.of_form(Form.OTHER)
    )


@rule("OFA004", Severity.WARNING, "subsets of an OpenFaaS function, whose Service has one version")
def function_subsets(bundle: Bundle) -> Iterator[Fault]:
    """Each function has a Deployment and a Service of its own; two versions are two functions."""
    functions = grouped((each.name, each) for each in bundle.of_kind("Function", "openfaas.com"))
    for document, keys, written in subset_hosts(bundle):
        host = cluster_host(written, document.namespace)
        if host is None:
            continue
        if host.namespace == _NAMESPACE or any(map(host.is_named_by, functions.get(host.name, ()))):
            yield fault(
                document,
                keys,
                f"got subsets of {written}, which is a function of OpenFaaS",
                hint="deploy each version as a function, and give their hosts weights",
            )


@rule("OFA005", Severity.WARNING, "a setting of OpenFaaS is a label where it must be an annotation")
def misplaced_settings(bundle: Bundle) -> Iterator[Fault]:
    """Scaling is read from labels, probes, profiles and retries from annotations."""
    for document, keys, function in _functions(bundle):
        for written, expected, prefixes in (
            ("annotations", "labels", _OF_LABELS),
            ("labels", "annotations", _OF_ANNOTATIONS),
        ):
            for key in mapping(function.get(written)):
                if isinstance(key, str) and key.startswith(prefixes):
                    yield fault(
                        document,
                        (*keys, written, key),
                        f"got {key} among {written}, expected it among {expected}",
                        hint=f"move it to {expected}",
                    )
