"""The table of frameworks."""

import types
from importlib import import_module

import pytest

from wherry.adapters import Source, find, registry, signatures
from wherry.errors import HandlerSignatureError
from wherry.loader import load
from wherry.testing import invoke


@pytest.mark.parametrize("framework", registry.FRAMEWORKS, ids=lambda each: each.module)
def test_a_row_says_what_its_adapter_says(framework):
    adapter = import_module(f"wherry.adapters.{framework.module}")
    assert tuple(adapter.SIGNATURES) == framework.signatures


def test_no_signature_is_two_frameworks():
    assert len(set(signatures())) == len(signatures())


def test_an_unknown_signature_is_told_the_known_ones(written):
    with pytest.raises(HandlerSignatureError, match=r"'cgi': expected one of wherry, .*http"):
        load(written("def handle(request): ...\n"), signature="cgi")


def test_ours_is_asked_of_no_framework(monkeypatch):
    def refuse(_name):
        raise AssertionError("an adapter was imported")

    monkeypatch.setattr(registry, "import_module", refuse)
    source = Source(module=types.ModuleType("m"), file=None, name=None)
    assert find(source, "wherry") is None
    with pytest.raises(AssertionError):
        find(source, "http")


def test_what_is_declared_for_us_stays_ours(written):
    file = written(
        """
        from wherry import http

        @http(methods=["GET"])
        def handle(body: bytes):
            return "ours"
        """
    )
    assert invoke(load(file, signature="http")).text == "ours"
    assert invoke(load(file, signature="http"), method="POST").status == 405
