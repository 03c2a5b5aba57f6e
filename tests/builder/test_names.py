"""Names, references and hosts: what passes is what the platforms take."""

import re
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wherry_build import names
from wherry_build.errors import InvalidName

CHECKS = [
    names.function_name,
    names.namespace,
    names.secret_name,
    names.environment_name,
    names.image_tag,
    names.image_repository,
    names.image_reference,
    names.host,
    names.url,
    names.event_type,
    names.handler_file,
    names.system_package,
    names.build_secret,
]
HOSTILE = [
    "",
    " ",
    "\n",
    "a\n",
    "\na",
    "a b",
    "a\0",
    "../a",
    "-a",
    "--help",
    "é",
    "a: b",
    "$(x)",
    "a;b",
]
DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_are_refused(check, value):
    if check is names.event_type and value in {
        "a b",
        "../a",
        "-a",
        "--help",
        "a: b",
        "$(x)",
        "a;b",
    }:
        assert check(value) == value  # a CloudEvents type may be any text; it is always quoted
        return
    with pytest.raises(InvalidName):
        check(value)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@given(value=st.text())
@example(value="a" * 5000)
@example(value="a-" * 3000)
@example(value="0." * 3000)
def test_a_value_passes_unchanged_or_not_at_all(check, value):
    try:
        passed = check(value)
    except InvalidName as error:
        assert "\n" not in error.message  # noqa: PT017 - not every text is refused
        assert len(error.message) < 400  # noqa: PT017
    else:
        assert passed in {value, value.lower()}
        assert value.isascii()
        assert value.isprintable()


@given(st.text(alphabet=string.ascii_lowercase + string.digits + "-", min_size=1, max_size=70))
def test_function_names_are_dns_1035_labels(value):
    valid = len(value) <= 63 and re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", value) is not None
    if valid:
        assert names.function_name(value) == value
    else:
        with pytest.raises(InvalidName, match="function name"):
            names.function_name(value)


@given(st.text())
def test_the_nearest_function_name_is_one(value):
    assert names.function_name(names.nearest_function_name(value))


def test_the_message_says_what_to_call_it():
    with pytest.raises(InvalidName) as caught:
        names.function_name("My_Function")
    assert "'My_Function'" in caught.value.message
    assert caught.value.hint == "call it 'my-function'"


@pytest.mark.parametrize(
    "value",
    [
        "hello",
        "hello:1.0",
        "ghcr.io/acme/hello",
        "ghcr.io/acme/hello:v1_x",
        "localhost:5000/hello",
        "localhost:5000/a/b__c/d-e:tag",
        f"ghcr.io/acme/hello@{DIGEST}",
        f"ghcr.io/acme/hello:1@{DIGEST}",
    ],
)
def test_image_references(value):
    assert names.image_reference(value) == value


@pytest.mark.parametrize(
    "value",
    [
        "Hello",
        "hello:",
        "hello@",
        ":tag",
        "@" + DIGEST,
        "hello:tag:tag",
        "hello:ta/g",
        f"hello@{DIGEST}0",
        "hello@sha256:short",
        "a//b",
        "http://ghcr.io/hello",
        "hello:" + "t" * 129,
        "-hello",
    ],
)
def test_no_image_references(value):
    with pytest.raises(InvalidName):
        names.image_reference(value)


@pytest.mark.parametrize("value", ["PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION"])
def test_variables_that_the_platform_sets_are_refused(value):
    with pytest.raises(InvalidName, match="does not set"):
        names.environment_name(value)


@pytest.mark.parametrize("value", ["http://user:pw@host", "http://h?x", "ftp://h", "http://h/#x"])
def test_urls_carry_no_credentials_queries_or_fragments(value):
    with pytest.raises(InvalidName):
        names.url(value)
