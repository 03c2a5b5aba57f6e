"""Which change of a deployment is one that a replica must be started anew for."""

from dataclasses import replace

import pytest

from wherry_local.deployment import Deployment, FunctionKey, ScalePolicy
from wherry_local.fleet.fleet import _is_same_to_replica

HELLO = Deployment(key=FunctionKey("hello"), handler="handler.py")
CONTAINER = Deployment(key=FunctionKey("hello"), image="acme/hello:1", container=True)


@pytest.mark.parametrize(
    ("deployment", "changes", "is_same"),
    [
        (HELLO, {"scale": ScalePolicy(least=3)}, True),
        (HELLO, {"labels": {"a": "b"}, "revision": 2}, True),
        (HELLO, {"environment": {"A": "b"}}, False),
        (HELLO, {"limits": {"memory": "64Mi"}}, True),
        (CONTAINER, {"limits": {"memory": "64Mi"}}, False),
        (CONTAINER, {"image": "acme/hello:2"}, False),
    ],
)
def test_a_replica_is_started_anew_for_what_it_is_given(deployment, changes, is_same):
    assert _is_same_to_replica(deployment, replace(deployment, **changes)) is is_same
