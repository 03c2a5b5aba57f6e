"""What each page says, of a platform where much happens and of one where nothing does."""

import re

import pytest
from tests.local.console.documents import FAULT, ago, delivery, event, function, line, trigger
from tests.local.console.page import Console, check_markup
from tests.local.console.platforms import busy, idle
from tests.local.console.recorder import Recorder

from wherry_build.project.reading.project_text import read_project_text
from wherry_local.console.api import ApiRefused


@pytest.fixture(scope="module")
def console():
    return Console(busy())


def test_functions_and_their_figures(console):
    page = console.get("/ui/")
    row = page.tree.one(id="f-openfaas-fn-orders").text
    for figure in (
        "ready",
        "2 / 3",
        "21 + 4 waiting",
        "148/s",
        "42 ms",
        "120 ms",
        "2\u2009031\u2009442",
        "51\u2009207 2.5 %",
    ):
        assert " ".join(figure.split()) in row, figure
    assert "openfaas-fn" not in row, "what is the same in each row says nothing"
    assert page.tree.one(id="fault-openfaas-fn-thumbnail").raw.strip() == FAULT
    assert "1 due" in page.text and "1 dead" in page.text
    assert page.main["data-every"] == "2"


def test_namespaces_are_named_where_there_are_several():
    api = Recorder(functions=[function("a"), function("b", namespace="other")])
    assert "other" in Console(api).get("/ui/").tree.one(id="f-other-b").text


def test_a_function(console):
    page = console.get("/ui/functions/openfaas-fn/orders")
    assert "GREETING" in page.text and "api-key" in page.text
    assert "nobodys-business" not in page.body.decode()
    assert '{"exact": {"type": "com.acme.order.placed"}}' in page.text
    assert page.text.count("KeyError: 'items'") == 1
    (route,) = [each for each in page.tree.all("dt") if each.text == "Route"]
    assert route.above.text.endswith("/function/orders")


def test_the_form_begins_with_the_latest_event_of_a_trigger(console):
    fields = console.get("/ui/functions/openfaas-fn/orders").form("/invoke")
    assert fields["mode"] == "event" and fields["event-type"] == "com.acme.order.placed"
    assert '"sku": "oar"' in fields["body"] and fields["event-id"] == ""
    fields = console.get("/ui/functions/openfaas-fn/stream").form("/invoke")
    assert fields["mode"] == "request" and fields["body"] == '{"name": "Ada"}'


def test_the_example_fits_the_filter_where_no_event_came():
    api = busy()
    api.events = []
    fields = Console(api).get("/ui/functions/openfaas-fn/hello").form("/invoke")
    assert (fields["mode"], fields["event-type"]) == ("event", "com.acme.order.")


def test_events_say_what_each_trigger_did(console):
    page = console.get("/ui/events")
    text = page.tree.one(id="e-k-8").text
    assert "due orders 2 tries · next in" in text
    assert "status 503 · the function answered 503" in text
    assert "no match billing filters[0].exact.type: type is 'com.acme.order.placed'" in text
    assert "no match audit filters[1].not: what it excludes holds" in text
    assert "trying orders not tried yet" in page.tree.one(id="e-k-9").text
    assert "follows another" in page.tree.one(id="e-k-7").text
    assert page.main["data-follow"].startswith("/system/events?follow=1")


def test_why_a_trigger_did_not_match_is_asked_once():
    api = busy()
    console = Console(api)
    console.get("/ui/events")
    first = [path for path, _ in api.asked if path.startswith("/system/events/")]
    assert sorted(first) == [f"/system/events/k-{n}" for n in (5, 6, 8, 9)]
    api.asked.clear()
    console.get("/ui/events")
    assert not [path for path, _ in api.asked if path.startswith("/system/events/")]


def test_events_are_filtered_by_the_platform(console):
    console.api.asked.clear()
    page = console.get(
        "/ui/events?type=com.acme.order.placed&source=/shop&state=due&trigger=orders&before=9"
    )
    (query,) = [query for path, query in console.api.asked if path == "/system/events"]
    wanted = {
        "type": "com.acme.order.placed",
        "source": "/shop",
        "state": "due",
        "trigger": "orders",
    }
    assert query == wanted | {"limit": "25", "before": "9"}
    assert page.form("/ui/events", "get")["type"] == "com.acme.order.placed"
    assert "data-follow" not in page.main.attributes, "an old page is not followed"
    assert [each.text for each in page.tree.all("a", href="/ui/events")][1:] == ["Clear", "Newest"]


def test_the_pages_of_events():
    api = Recorder(events=[event(f"k-{n}") for n in range(60, 0, -1)])
    console = Console(api)
    page, seen = console.get("/ui/events?source=/shop"), []
    while True:
        seen += [each["id"] for each in page.tree.classed("event")]
        older = page.tree.all("a", rel="next")
        if not older:
            break
        page = console.get(older[0]["href"])
    assert seen == [f"e-k-{n}" for n in range(60, 0, -1)]


def test_one_event(console):
    page = console.get("/ui/events/k-4")
    assert (
        "dead orders 4 tries · status 500 · the function answered 500 · Edit and replay"
        in page.text
    )
    assert page.text.count("status 500 · the function answered 500") == 5
    assert '500 {"title": "Internal Server Error"}' in page.text
    assert '"price": 24.5' in page.text
    assert "datacontenttype application/json" in page.text


def test_the_family_of_an_event_is_a_tree(console):
    for key in ("k-6", "k-7"):
        (top,) = console.get(f"/ui/events/{key}").tree.classed("tree")
        (first,) = top.children[0].children
        assert first.text.startswith("com.acme.order.placed /shop")
        (second,) = first.all("li")
        assert second.text.startswith("com.acme.order.accepted")
        assert top.one("b", **{"aria-current": "true"}).within("li") is (
            first if key == "k-6" else second
        )
    assert not console.get("/ui/events/k-4").tree.classed("tree")


def test_dead_letters(console):
    page = console.get("/ui/dead-letters")
    assert "for orders (function orders)" in page.text
    assert "Status 500 after 4 tries: the function answered 500" in page.text
    one = console.get("/ui/events/k-4/dead-letters/14")
    fields = one.form("/replay")
    assert "type: com.acme.order.placed\r\n" in fields["event-attributes"]
    assert fields["body"].startswith('{"id": "A-1"')


def test_a_dead_letter_that_is_none(console):
    for path in ("/ui/events/k-4/dead-letters/99", "/ui/events/k-6/dead-letters/16"):
        page = console.get(path)
        assert page.status == 404 and "replayed or discarded before" in page.text


def test_data_that_cannot_be_edited_are_not():
    binary = {"base64": "/wD/", "bytes": 3, "truncated": False}
    long = {"text": "x" * 100, "bytes": 10_000_000, "truncated": True}
    for data in (binary, long):
        dead = event("k-1", deliveries=[delivery(1, "orders", "dead")]) | {"data": data}
        page = Console(Recorder(events=[dead])).get("/ui/events/k-1/dead-letters/1")
        assert "travel as they came" in page.text
        assert not page.tree.all("textarea", name="body")


def test_async_calls(console):
    page = console.get("/ui/calls")
    assert "thumbnail due 1 503 20 s ago" in page.text or "thumbnail due 1 503 2" in page.text
    waiting = console.get("/ui/calls/0d3adf1e6a7b4d0f9f2f7b1c9a1e5b11")
    assert waiting.main["data-every"] == "1"
    assert [each.text for each in waiting.main.all("button")] == ["Cancel"]
    over = console.get("/ui/calls/7c1d0c2e6a7b4d0f9f2f7b1c9a1e5b22")
    assert "data-every" not in over.main.attributes
    assert [each.text for each in over.main.all("button")] == ["Call again"]
    assert '"width": 64' in over.text


def test_of_a_long_answer_only_the_beginning_is_kept():
    class Long(Recorder):
        @staticmethod
        def _call(row):
            body = {"text": "x" * 30_000, "bytes": 10**7, "truncated": True}
            return Recorder._call(row) | {"body": body}

    console = Console(Long(calls=busy().calls))
    path = f"/ui/calls/{console.api.calls[1]['id']}"
    assert "9.5 MiB; this is the beginning. Show what is kept" in console.get(path).text
    assert len(console.get(f"{path}/body").body) == 30_000


def test_logs_are_searched_by_the_platform(console):
    console.api.asked.clear()
    page = console.get(
        "/ui/logs?function=orders.openfaas-fn&text=KeyError&callId=&instance=orders-7f3k&tail=7"
    )
    (query,) = [query for path, query in console.api.asked if path == "/system/logs"]
    assert query == {
        "name": "orders",
        "namespace": "openfaas-fn",
        "contains": "KeyError",
        "instance": "orders-7f3k",
        "tail": "200",
    }
    (log,) = page.tree.all(role="log")
    assert [each.one(class_="text").text for each in log.classed("line")] == ["KeyError: 'items'"]
    assert (
        page.main["data-follow"]
        == "/system/logs?follow=true&tail=1&name=orders&namespace=openfaas-fn"
    )


def test_lines_that_are_the_same_are_told_apart():
    same = line("tick")
    page = Console(Recorder(lines=[same, same, line("tock")])).get("/ui/logs")
    check_markup(page)
    again = Console(Recorder(lines=[same, line("tock")])).get("/ui/logs")
    keys = [[each["id"] for each in each_page.tree.classed("line")] for each_page in (page, again)]
    assert keys[0][0] == keys[1][0], "a line is known by the same id from one page to the next"


def test_a_call_is_named_once_in_a_row():
    lines = [line(f"{n}", call_id=call) for n, call in enumerate(["a", "a", "b", "", "b"])]
    page = Console(Recorder(lines=lines)).get("/ui/logs")
    assert [len(each.all("a", class_="call")) for each in page.tree.classed("line")] == [
        1,
        0,
        1,
        0,
        1,
    ]


def test_routes(console):
    text = console.get("/ui/routes").text
    assert "shop shop.localhost /orders/* orders http://127.0.0.1:8080/function/orders" in text
    assert "default/default http://127.0.0.1:8090/default/default 4 triggers" in text
    assert "type = 'com.acme.invoice.paid' AND amount > 100" in text
    assert "every event typed/audit the handler" in text


def test_examples_of_yaml_are_what_a_project_takes():
    api = idle()
    api.functions = [function("hello")]
    console = Console(api)
    said = {}
    for path in ("/ui/functions/openfaas-fn/hello", "/ui/dead-letters", "/ui/routes"):
        for each in console.get(path).tree.all("pre"):
            if "Example of" in (each["aria-label"] or ""):
                said[each["aria-label"]] = each.raw
    assert len(said) == 3
    for text in said.values():
        there = (
            "functions: {hello: {}, orders: {}}\nbrokers: {default: {}}\n"
            "hosts: {shop.localhost: {}}"
        )
        read_project_text(f"{there}\n{text}\n".encode(), path="wherry.yaml")


def test_a_filter_that_nothing_fits():
    api = busy()
    api.events, api.calls = [], []
    console = Console(api)
    for path, words in (
        ("/ui/events?type=none", "No event fits. Show all"),
        ("/ui/calls?state=dead", "No call fits. Show all"),
        ("/ui/logs?text=none", "No line fits. Show all"),
        ("/ui/dead-letters?trigger=none", "None for this trigger. Show all"),
    ):
        assert words in console.get(path).text


@pytest.mark.parametrize("path", ["/ui/dead-letters", "/ui/events"])
def test_what_is_filtered_by_stays_chosen_where_it_is_gone(console, path):
    assert console.get(f"{path}?trigger=gone").form(path, "get")["trigger"] == "gone"


def test_a_trigger_is_called_by_its_name():
    page = Console(Recorder(triggers=[trigger("leased")])).get("/ui/events")
    assert "any leased" in page.text
    assert "trying" in page.text, "of a state it is another word"


def test_times_are_relative_with_the_whole_in_the_title(console):
    (time,) = console.get("/ui/events").tree.one(id="e-k-5").all("time")
    assert re.fullmatch(r"5 min ago", time.text)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC", time["title"])


def test_long_data_are_cut_and_all_of_it_is_a_link_away():
    body = "x" * 100_000
    api = Recorder(events=[event("k-1", data=body)])
    console = Console(api)
    page = console.get("/ui/events/k-1")
    assert len(page.body) < 60_000
    assert "97.7 KiB; this is the beginning. Show all of it" in page.text
    whole = console.get("/ui/events/k-1/data")
    assert whole.body.decode() == body
    assert whole.headers["content-type"] == "text/plain; charset=utf-8"
    assert "sandbox" in whole.headers["content-security-policy"]
    assert ("/system/events/k-1", {"data": "all"}) in api.asked


def test_a_body_of_bytes_is_a_file():
    data = {"base64": "AP//", "bytes": 3, "truncated": False}
    console = Console(Recorder(events=[event("k-1") | {"data": data}]))
    whole = console.get("/ui/events/k-1/data")
    assert whole.body == b"\x00\xff\xff"
    assert whole.headers["content-disposition"].startswith("attachment")
    assert "00 ff ff" in console.get("/ui/events/k-1").text


def test_what_is_not_there(console):
    for path in (
        "/ui/nothing",
        "/ui/events/none",
        "/ui/calls/none",
        "/ui/functions/openfaas-fn/none",
        "/ui/static/none.js",
        "/ui/answers/none",
    ):
        page = console.get(path)
        assert page.status == 404, path
        check_markup(page)
        assert page.tree.all("p", role="alert")


def test_a_refusal_of_the_platform_is_a_page():
    class Full(Recorder):
        async def get(self, path, query=None):
            raise ApiRefused(503, "the queue does not answer")

    page = Console(Full()).get("/ui/events")
    assert page.status == 503
    assert "Service Unavailable 503 the queue does not answer" in page.text
    check_markup(page)


def test_the_ways_in(console):
    for path in ("/", "/ui"):
        page = console.get(path)
        assert (page.status, page.headers["location"]) == (307, "/ui/")


def test_an_event_of_which_no_trigger_and_no_delivery_is_kept():
    console = Console(Recorder(events=[event("k-1", age=1)]))
    assert "No delivery is kept." in console.get("/ui/events").text
    assert "no trigger was asked, or its dead letter" in console.get("/ui/events/k-1").text


def test_a_clock_that_is_behind():
    console = Console(Recorder(events=[event("k-1") | {"acceptedAt": ago(-90)}]))
    assert re.search(r"in (89|90) s", console.get("/ui/events").text)
