"""What is said and carried by nobody is told, and what is carried is not."""

from tests.builder.manifests.full_project import full_project, made
from tests.builder.manifests.matrix import every_way, options

from wherry_build.manifests.coverage import Reason, lost
from wherry_build.manifests.render import render

PROJECT = made(
    """
functions:
  hello: {}
  orders:
    concurrency: 5
    revisions:
      v1: {percent: 100}
      v2: {}
hosts:
  fns.example.com: {}
"""
)


def keys(carried, reasons=None):
    return [each.key for each in lost(PROJECT, carried=carried, reasons=reasons or {})]


def test_an_item_that_says_nothing_is_carried_with_the_keys_of_its_kind():
    assert keys({"functions.*.concurrency", "functions.*.revisions.*.percent", "hosts.*.tls"}) == []


def test_an_item_that_says_nothing_is_lost_where_none_of_its_kind_is_carried():
    assert keys({"functions.*.concurrency"}) == [
        "functions.orders.revisions.v1.percent",
        "hosts.fns.example.com",
    ]


def test_the_longest_pattern_gives_the_reason():
    (first, *_) = lost(
        PROJECT,
        carried={"functions.*.concurrency", "hosts"},
        reasons={
            "functions.*.revisions": Reason(reason="far"),
            "functions.*.revisions.*.percent": Reason(reason="near", instead="x"),
        },
    )
    assert (first.reason, first.instead) == ("near", "x")


@every_way
def test_every_loss_has_a_reason_of_its_own(way):
    """A key without one is told all the same, for whoever adds it to the model."""
    losses = render(full_project(), options(way)).losses
    assert [each.key for each in losses if "no form for it" in each.reason] == []
