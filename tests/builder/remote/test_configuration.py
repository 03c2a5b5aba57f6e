"""What a client wants built is read strictly, and what it may not want is refused by its key."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_build.errors import RemoteBuildRefused
from wherry_build.image.platform import Platform
from wherry_build.remote.configuration import read_configuration


def read(**said):
    return read_configuration(json.dumps(said).encode())


def test_all_that_a_client_says():
    found = read(
        image="ghcr.io/acme/hello_there:1.0",
        buildArgs={"BASE": "debian:13", "ADDITIONAL_PACKAGE": ""},
        platforms=["linux/amd64", "linux/arm64"],
        skipPush=True,
        other="ignored",
    )
    assert found.image == "ghcr.io/acme/hello_there:1.0"
    assert found.function == "hello-there"
    assert found.arguments == {"BASE": "debian:13", "ADDITIONAL_PACKAGE": ""}
    assert found.platforms == (Platform(architecture="amd64"), Platform(architecture="arm64"))
    assert not found.is_published


def test_what_is_left_out():
    found = read(image="hello", buildArgs=None, platforms=None)
    assert (found.function, found.arguments, found.platforms) == ("hello", {}, ())
    assert found.is_published


def test_platforms_with_commas_between_them_count_once_each():
    found = read(image="hello", platforms=["linux/amd64, linux/arm64", "linux/amd64"])
    assert [str(each) for each in found.platforms] == ["linux/amd64", "linux/arm64"]


@pytest.mark.parametrize(
    ("image", "function"),
    [("localhost:5000/hello", "hello"), ("a/b/9lives:x", "lives"), ("acme/__x.y", None)],
)
def test_the_function_is_called_as_its_image(image, function):
    if function is None:
        with pytest.raises(RemoteBuildRefused):
            read(image=image)
    else:
        assert read(image=image).function == function


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({}, "image"),
        ({"image": ""}, "image"),
        ({"image": 3}, "image"),
        ({"image": "Hello World"}, "image"),
        ({"image": "--privileged"}, "image"),
        ({"image": "a@sha256:" + "0" * 64}, "image"),
        ({"image": "a", "platforms": "linux/amd64"}, "platforms"),
        ({"image": "a", "platforms": ["amd64"]}, "platform"),
        ({"image": "a", "platforms": ["linux/a64,--x"]}, "platform"),
        ({"image": "a", "platforms": [f"linux/a{n}" for n in range(40)]}, "platforms"),
        ({"image": "a", "buildArgs": ["x"]}, "buildArgs"),
        ({"image": "a", "buildArgs": {"a=b": "c"}}, "buildArgs"),
        ({"image": "a", "buildArgs": {"A": 1}}, "buildArgs.A"),
        ({"image": "a", "buildArgs": {"A": "x\0"}}, "buildArgs.A"),
        ({"image": "a", "buildArgs": {"A": "\ud800"}}, "buildArgs.A"),
        ({"image": "a", "buildArgs": {f"A{n}": "" for n in range(300)}}, "buildArgs"),
        ({"image": "a", "skipPush": "yes"}, "skipPush"),
    ],
)
def test_what_cannot_be_is_refused_by_its_key(said, named):
    with pytest.raises(RemoteBuildRefused, match=rf"com\.openfaas\.docker\.config: {named}"):
        read_configuration(json.dumps(said).encode())


def test_a_value_that_cannot_be_is_not_repeated():
    with pytest.raises(RemoteBuildRefused) as refused:
        read(image="a", buildArgs={"TOKEN": "s3cr3t\0"})
    assert "s3cr3t" not in refused.value.message


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_object_is_refused(content):
    with pytest.raises(RemoteBuildRefused):
        read_configuration(content)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content):
    with pytest.raises(RemoteBuildRefused):  # no bytes of this length name an image by chance
        read_configuration(content)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(image=_JSON, platforms=_JSON, arguments=_JSON, skip=_JSON)
def test_any_values_are_read_or_refused(image, platforms, arguments, skip):
    said = {"image": image, "platforms": platforms, "buildArgs": arguments, "skipPush": skip}
    try:
        found = read_configuration(json.dumps(said).encode())
    except RemoteBuildRefused:
        return
    assert found.image == image
    assert all(isinstance(value, str) for value in found.arguments.values())
