"""What is true of every page: its markup, links, forms and headers."""

from urllib.parse import urlsplit

import pytest
from tests.local.console.page import Console, check_markup
from tests.local.console.platforms import busy, idle

from wherry_local.console.rendering import POLICY

LISTS = ("/ui/", "/ui/events", "/ui/dead-letters", "/ui/calls", "/ui/logs", "/ui/routes")
ONES = (
    "/ui/functions/openfaas-fn/orders",
    "/ui/functions/openfaas-fn/thumbnail",
    "/ui/functions/openfaas-fn/hello?answer=forgotten",
    "/ui/events?type=com.acme.order.placed&state=due&trigger=orders",
    "/ui/events?before=6",
    "/ui/events/k-6",
    "/ui/events/k-4",
    "/ui/events/k-4?did=replayed",
    "/ui/events/k-4/dead-letters/14",
    "/ui/dead-letters?trigger=orders",
    "/ui/calls?function=hello&state=delivered",
    "/ui/calls/0d3adf1e6a7b4d0f9f2f7b1c9a1e5b11",
    "/ui/calls/7c1d0c2e6a7b4d0f9f2f7b1c9a1e5b22",
    "/ui/logs?function=orders.openfaas-fn&text=KeyError&tail=100",
)


@pytest.fixture(scope="module")
def console():
    return Console(busy())


@pytest.fixture(params=[*LISTS, *ONES], scope="module")
def page(request, console):
    return console.get(request.param)


@pytest.fixture(params=LISTS, scope="module")
def empty(request):
    return Console(idle()).get(request.param)


def test_the_markup_is_sound(page):
    assert page.status == 200
    check_markup(page)


def test_so_it_is_where_nothing_is(empty):
    assert empty.status == 200
    check_markup(empty)


def test_every_link_leads_somewhere(page, console):
    for link in page.tree.all("a"):
        target = link["href"]
        if target.startswith("http://127.0.0.1:"):
            continue
        if target.startswith("#"):
            page.tree.one(id=target[1:])
            continue
        assert target.startswith("/ui/"), target
        assert console.get(target).status == 200, target
    for each in [*page.tree.all("link"), *page.tree.all("script")]:
        assert console.get(each["href"] or each["src"]).status == 200


def test_every_form_leads_to_a_route_that_takes_it(page, console):
    for form in page.tree.all("form"):
        method = form["method"].upper()
        place = console.routing.find(urlsplit(form["action"]).path)
        assert method in place.routes
        if method == "POST":
            assert place.routes[method].takes_forms
            assert form.all("input", name="token")


def test_headers_of_a_page(page):
    assert page.headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY and "default-src 'none'" in POLICY
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "same-origin"


def test_nothing_but_its_own_is_loaded(page):
    for each in page.tree.all():
        for name in ("src", "srcset", "data", "poster", "background", "ping"):
            assert not each[name] or each[name].startswith("/ui/static/")


@pytest.mark.parametrize("path", LISTS)
def test_the_place_is_marked(console, path):
    (here,) = console.get(path).tree.all("a", **{"aria-current": "page"})
    assert here["href"] == path


def test_an_empty_platform_says_what_to_type_next(empty):
    assert "wherry " in empty.text or ".yaml" in empty.text
