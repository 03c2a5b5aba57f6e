"""What is said and carried by nobody is told, and what is carried is not."""

from tests.builder.manifests.full_project import made

from wherry_build.manifests.coverage import Reason, lost

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
