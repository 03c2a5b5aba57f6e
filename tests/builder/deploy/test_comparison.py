"""What would change, as a person reads it."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wherry_build.deploy.comparison import Change, difference
from wherry_build.deploy.identity import ObjectKey

KEY = ObjectKey(api_version="serving.knative.dev/v1", kind="Service", namespace="fns", name="hello")


def service(image="ghcr.io/acme/hello:1", *, metadata=None, status=None):
    value = {
        "apiVersion": KEY.api_version,
        "kind": KEY.kind,
        "metadata": {"name": "hello", "namespace": "fns", **(metadata or {})},
        "spec": {"template": {"spec": {"containers": [{"image": image, "env": []}]}}},
    }
    return value if status is None else {**value, "status": status}


def test_what_servers_keep_of_their_own_is_no_difference():
    live = service(
        metadata={
            "uid": "1",
            "resourceVersion": "7",
            "generation": 3,
            "creationTimestamp": "2026-11-23T09:00:00Z",
            "managedFields": [{"manager": "kubectl"}],
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
        },
        status={"conditions": []},
    )
    found = difference(KEY, live, service())
    assert (found.change, found.lines) == (Change.UNCHANGED, ())


def test_other_annotations_count():
    live = service(
        metadata={
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": "{}",
                "acme.com/owner": "shop",
            }
        }
    )
    found = difference(KEY, live, service(metadata={"annotations": {"acme.com/owner": "cart"}}))
    assert [line for line in found.lines if line[0] in "+-"][2:] == [
        '-    acme.com/owner: "shop"',
        '+    acme.com/owner: "cart"',
    ]


def test_a_change_is_a_unified_diff_with_its_object():
    found = difference(KEY, service(), service("ghcr.io/acme/hello:2"))
    assert found.change is Change.CONFIGURED
    assert found.lines == (
        "--- live/fns/service.serving.knative.dev/hello",
        "+++ rendered/fns/service.serving.knative.dev/hello",
        "@@ -8,4 +8,4 @@",
        "     spec:",
        "       containers:",
        "         - env: []",
        '-          image: "ghcr.io/acme/hello:1"',
        '+          image: "ghcr.io/acme/hello:2"',
    )


def test_what_is_not_there_is_added_whole():
    found = difference(KEY, None, service())
    assert found.change is Change.CREATED
    assert all(line.startswith("+") for line in found.lines[3:])


def test_a_long_text_is_compared_line_by_line():
    def config(text):
        return {"metadata": {"name": "proxy"}, "data": {"envoy.yaml": text}}

    found = difference(KEY, config("a: 1\nb: 2\n"), config("a: 1\nb: 3\n"))
    assert [line for line in found.lines if line[0] in "+-"][2:] == ["-    b: 2", "+    b: 3"]


def test_the_order_of_keys_is_no_difference():
    turned = dict(reversed(service().items()))
    assert difference(KEY, turned, service()).change is Change.UNCHANGED


@pytest.mark.parametrize(
    ("before", "after"),
    [("1", 1), ("true", True), (None, "null"), ([], {}), ([["a"], "b"], ["a", "b"]), ("", None)],
)
def test_values_that_only_look_alike_differ(before, after):
    assert difference(KEY, {"spec": before}, {"spec": after}).change is Change.CONFIGURED


def test_nothing_reaches_a_terminal_as_it_stands_in_an_object():
    found = difference(KEY, None, {"spec": {"a\x1b[2J": "\x1b[31m", "text": "x\ny\x1b]0;\x07"}})
    assert "\x1b" not in "".join(found.lines)
    assert all(line.isprintable() for line in found.lines)


words = st.text("a-\n\x1bé:", max_size=4)
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats(-2, 2) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.sampled_from(["spec", "data", "a", "-"]), anything, max_size=3)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(live=objects, after=objects)
def test_a_difference_is_told_exactly_when_values_differ(live, after):
    found = difference(KEY, live, after)
    # As JSON, where true is no 1 and -0.0 no 0.
    differs = json.dumps(live, sort_keys=True) != json.dumps(after, sort_keys=True)
    assert (found.change is Change.CONFIGURED) is differs
    assert all("\n" not in line for line in found.lines)
    if differs:
        assert any(line[0] in "+-" for line in found.lines[2:])
