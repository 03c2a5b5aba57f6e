import time

import pytest


def test_the_cheapest_comes_first_and_who_is_late_is_named(wherry_invoke):
    assert wherry_invoke(path="/?sku=oar").json == {
        "offers": [{"supplier": "quay", "price": 18.0}, {"supplier": "harbour", "price": 19.5}],
        "late": ["island"],
    }


def test_who_has_no_such_thing_makes_no_offer(wherry_invoke):
    answer = wherry_invoke(path="/?sku=sail").json
    assert [offer["price"] for offer in answer["offers"]] == [240.0, 265.0]


@pytest.mark.parametrize("path", ["/", "/?sku=anchor"])
def test_what_nobody_offers_is_not_found(wherry_invoke, path):
    answer = wherry_invoke(path=path)
    answer.expect(404)
    assert answer.problem["detail"].startswith("nobody offers")


def test_nobody_is_waited_for_longer_than_it_takes(wherry_invoke):
    began = time.monotonic()
    wherry_invoke(path="/?sku=oar")
    assert time.monotonic() - began < 4, "the slowest supplier takes five seconds"


def test_other_methods_are_refused(wherry_invoke):
    wherry_invoke(method="POST", path="/?sku=oar").expect(405)
