"""Revisions: their names, their tags, and the traffic between them."""

import pytest

from wherry_build.errors import ManifestError

TWO = "{revisions: {v1: {percent: 90}, v2: {percent: 10, tag: next}}}"
ROUTE = """
routes:
  r: {split: [{function: hello, revision: v1, percent: 50},
              {function: hello, revision: v2, percent: 50}]}
"""


def test_the_newest_revision_is_written_and_each_is_named(hello):
    service = hello(TWO)
    assert service["spec"]["template"]["metadata"]["name"] == "hello-v2"
    assert service["spec"]["traffic"] == [
        {"revisionName": "hello-v1", "percent": 90},
        {"latestRevision": True, "percent": 10, "tag": "next"},
    ]


def test_without_revisions_the_latest_gets_all_calls(hello):
    service = hello("{}")
    assert "traffic" not in service["spec"]
    assert "name" not in service["spec"]["template"]["metadata"]


def test_the_image_is_that_of_the_newest(hello, told):
    said = (
        "{image: acme:1, revisions: {v1: {percent: 100, image: 'acme:0'}, v2: {image: 'acme:2'}}}"
    )
    (container,) = hello(said)["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "acme:2"
    losses, _ = told(f"functions: {{hello: {said}}}")
    assert set(losses) == {"functions.hello.revisions.v1.image"}


def test_older_revisions_must_be_there(told):
    _, warnings = told(f"functions: {{hello: {TWO}}}")
    assert "hello: traffic names hello-v1, which must be in the cluster already" in warnings
    assert "--canary" in warnings
    _, warnings = told("functions: {hello: {revisions: {v1: {percent: 100}}}}")
    assert "already" not in warnings


def test_a_revision_that_a_route_names_has_a_tag(hello):
    assert hello(TWO, ROUTE)["spec"]["traffic"] == [
        {"revisionName": "hello-v1", "percent": 90, "tag": "v1"},
        {"latestRevision": True, "percent": 10, "tag": "next"},
    ]


def test_a_tag_that_is_taken_is_an_error(hello):
    said = "{revisions: {v1: {percent: 90}, v2: {percent: 10, tag: v1}}}"
    with pytest.raises(ManifestError) as caught:
        hello(said, ROUTE)
    assert "functions.hello.revisions.v1" in caught.value.message
    assert "another revision has 'v1'" in caught.value.message
    assert caught.value.hint


def long(length):
    return "a" + "b" * (length - 1)


def test_a_revision_of_63_characters_is_the_longest(objects):
    name = long(60)
    text = "functions: {%s: {revisions: {%s: {percent: 100}}}}"
    service = objects(text % (name, "v1"))["Service", name]
    assert len(service["spec"]["template"]["metadata"]["name"]) == 63
    with pytest.raises(ManifestError, match="got 64 characters, expected at most 63"):
        objects(text % (name, "v12"))


def test_a_host_of_a_tag_of_63_characters_is_the_longest(objects):
    name = long(50)
    text = "functions: {%s: {revisions: {v: {percent: 100, tag: %s}}}}"
    objects(text % (name, long(12)))
    with pytest.raises(ManifestError, match="is longer than 63 characters"):
        objects(text % (name, long(13)))
