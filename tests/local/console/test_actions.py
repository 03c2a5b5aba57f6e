"""What forms do: what the platform is asked, what pages then say, which forms are refused."""

import base64
import json

import pytest
from tests.local.console.documents import delivery, event, line
from tests.local.console.page import Console, query_of
from tests.local.console.platforms import busy
from tests.local.console.recorder import Recorder

from wherry_local.console.api import ApiRefused, Invoked

ORDERS = "/ui/functions/openfaas-fn/orders"
HELLO = "/ui/functions/openfaas-fn/hello"
DEAD = "/ui/events/k-4/dead-letters/14"


@pytest.fixture
def api():
    return busy()


@pytest.fixture
def console(api):
    return Console(api)


def invoke(console, page=HELLO, **fields):
    typed = {
        name.replace("event_", "event-").replace("_m", "-m"): text for name, text in fields.items()
    }
    return console.post(
        f"{page}/invoke", console.get(page).form("/invoke") | {"do": "send"} | typed
    )


# Calling a function --------------------------------------------------------------------------


def test_a_request(console, api):
    sent = invoke(
        console,
        mode="request",
        request_method="PUT",
        path="/a b/ü?x=1",
        query="y=2&z=ä",
        headers="X-One: 1\r\nAccept: */*",
        body='{"a":1}',
    )
    (made,) = api.invoked
    assert (made.function, made.namespace, made.method) == ("hello", "openfaas-fn", "PUT")
    assert (made.path, made.query) == ("/a%20b/%C3%BC", "x=1&y=2&z=%C3%A4")
    assert made.headers == [("Content-Type", "application/json"), ("X-One", "1"), ("Accept", "*/*")]
    assert made.body == b'{"a":1}'
    assert query_of(sent.headers["location"])["answer"].startswith(made.call_id)
    assert sent.headers["location"].endswith("#answer")


def test_its_answer_with_the_log_of_that_very_call(console, api):
    sent = invoke(console, mode="request", body='{"name":\r\n"Ada"}')
    made = api.invoked[0]
    api.lines += [
        line("mine", name="hello", call_id=made.call_id),
        line("not mine", name="hello", call_id="another"),
    ]
    page = console.follow(sent)
    section = page.tree.one(id="answer-part").text
    assert "200 in 12 ms" in section and made.call_id in section
    assert '"n": 1.10' in section, "numbers are shown as they were written"
    assert "Content-Type application/json" in section
    assert "mine" in section and "not mine" not in section
    assert page.form("/invoke")["body"] == '{"name":\r\n"Ada"}'


def test_a_cloudevent(console, api):
    invoke(
        console,
        ORDERS,
        mode="event",
        event_type="com.acme.x",
        event_source="/me",
        event_id="7",
        event_subject="s",
        event_attributes="shop: 12\r\npartitionkey: ä",
        headers="X-One: 1",
        body="{}",
    )
    (made,) = api.invoked
    headers = dict(made.headers)
    assert made.method == "POST" and made.body == b"{}"
    assert (
        headers.items()
        >= {
            "ce-type": "com.acme.x",
            "ce-source": "/me",
            "ce-id": "7",
            "ce-shop": "12",
            "ce-partitionkey": "%C3%A4",
            "ce-specversion": "1.0",
            "X-One": "1",
        }.items()
    )
    assert {name.lower(): value for name, value in headers.items()}[
        "content-type"
    ] == "application/json"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"mode": "event", "event_type": ""}, "an event needs a type"),
        ({"mode": "event", "event_attributes": "Foo-Bar: 1"}, "that is no valid event"),
        (
            {"mode": "event", "event_attributes": "datacontenttype: a/json", "body": "{"},
            "that is no valid event",
        ),
        ({"mode": "request", "request_method": "BREW"}, "expected one of POST, GET"),
        (
            {"mode": "request", "headers": "nonsense"},
            "headers, line 1: expected `name: value`, got 'nonsense'",
        ),
        (
            {"mode": "request", "headers": "Content-Length: 5"},
            "Content-Length belongs to the connection",
        ),
        ({"mode": "request", "headers": "X: a\x01b"}, "holds a control character"),
    ],
)
def test_what_cannot_be_sent_stays_in_the_form(console, api, fields, words):
    page = invoke(console, **({"event_source": "/x", "event_type": "t"} | fields))
    assert page.status == 400 and not api.invoked
    assert words in page.tree.one("p", role="alert").text
    assert "data-every" not in page.main.attributes, "the next page would not say it"
    shown = page.form("/invoke")
    for name, text in fields.items():
        if name != "request_method":
            assert shown[name.replace("_", "-")] == text


def test_a_call_without_an_answer(console, api):
    api.refusal = ApiRefused(504, "no answer within 30 s")
    page = console.follow(invoke(console))
    assert "504: no answer within 30 s" in page.tree.one("p", role="alert").text
    assert page.status == 200


def test_as_curl(console, api):
    page = invoke(console, do="curl", mode="request", headers="X-It: it's", body="it's $HOME")
    assert page.status == 200 and not api.invoked
    words = page.tree.one(id="curl-text").raw
    assert words == (
        "curl -i -X POST \\\n  http://127.0.0.1:8080/function/hello/ \\\n"
        "  -H 'Content-Type: text/plain; charset=utf-8' \\\n  -H 'X-It: it'\"'\"'s' \\\n"
        "  --data-binary 'it'\"'\"'s $HOME'"
    )
    assert "open" in page.tree.one(id="curl").attributes
    assert "data-every" not in page.main.attributes
    page = invoke(console, do="curl", mode="request", request_method="HEAD", body="")
    assert page.tree.one(id="curl-text").raw.startswith("curl -I \\\n")


def test_a_long_answer_is_cut_and_all_of_it_is_kept(console, api):
    body = json.dumps(list(range(100_000))).encode()
    api.answer = Invoked(status=200, headers=[], body=body, took_s=1.0)
    page = console.follow(invoke(console))
    assert len(page.body) < 100_000
    assert "this is the beginning. Show all of it" in page.text
    assert console.get(f"/ui/answers/{api.invoked[0].call_id}").body == body


# Events ------------------------------------------------------------------------------------------


def test_emitting(console, api):
    fields = console.get("/ui/events").form("/ui/events") | {
        "event-type": "com.acme.x",
        "event-source": "/me",
        "event-id": "",
        "event-subject": "",
        "event-attributes": "shop: 12",
        "body": '{"a": 1}\r\n',
    }
    sent = console.post("/ui/events", fields)
    ((method, path, document),) = api.sent
    assert (method, path) == ("POST", "/system/events")
    attributes = document["attributes"]
    assert attributes.pop("id")
    assert attributes == {
        "specversion": "1.0",
        "type": "com.acme.x",
        "source": "/me",
        "shop": "12",
        "datacontenttype": "application/json",
    }
    assert base64.b64decode(document["dataBase64"]) == b'{"a": 1}\n'
    page = console.follow(sent)
    assert page.tree.one("p", role="status", class_="notice").text == "Accepted by the broker."


def test_to_one_of_several_brokers(console, api):
    api.brokers.append({"namespace": "shop", "name": "fast", "url": "http://x", "triggers": 0})
    console.post(
        "/ui/events", console.get("/ui/events").form("/ui/events") | {"broker": "shop/fast"}
    )
    assert api.sent[0][2]["broker"] == "shop/fast"


def test_an_event_that_is_none_stays_in_the_form(console, api):
    page = console.post(
        "/ui/events",
        console.get("/ui/events").form("/ui/events") | {"event-source": "", "body": "kept"},
    )
    assert page.status == 400 and not api.sent
    assert "an event needs a source" in page.text
    assert "data-follow" not in page.main.attributes
    assert page.form("/ui/events")["body"] == "kept"
    assert "open" in page.tree.one(id="emit").attributes


@pytest.mark.parametrize(("trigger", "document"), [("", {}), ("orders", {"trigger": "orders"})])
def test_replaying_an_event(console, api, trigger, document):
    fields = console.get("/ui/events/k-6").form("/replay") | {"trigger": trigger}
    page = console.follow(console.post("/ui/events/k-6/replay", fields))
    assert api.sent == [("POST", "/system/events/k-6/replay", document)]
    assert "Replayed: this is the new one." in page.text


# Dead letters ------------------------------------------------------------------------------------


def test_a_dead_letter_is_replayed_as_it_is(console, api):
    console.post(f"{DEAD}/replay", console.get(DEAD).form("/replay"))
    assert api.sent == [("POST", "/system/dead-letters/14/replay", {})]


def test_from_the_list_too(console, api):
    console.post(f"{DEAD}/replay", {"token": console.token()})
    assert api.sent == [("POST", "/system/dead-letters/14/replay", {})]


def test_lines_that_end_in_their_own_way_are_no_edit():
    dead = event("k-1", deliveries=[delivery(1, "orders", "dead")], data="a\r\nb\n")
    console = Console(Recorder(events=[dead]))
    path = "/ui/events/k-1/dead-letters/1"
    console.post(f"{path}/replay", console.get(path).form("/replay"))
    assert console.api.sent[0][2] == {}


def test_a_dead_letter_is_edited(console, api):
    fields = console.get(DEAD).form("/replay")
    edited = (
        fields["event-attributes"]
        .replace("subject: A-1", "subject: A-2")
        .replace("com.acme.order.placed", "com.acme.order.moved")
    )
    console.post(
        f"{DEAD}/replay", fields | {"event-attributes": edited, "body": '{"id":\r\n"A-2"}'}
    )
    document = api.sent[0][2]
    assert document["attributes"]["subject"] == "A-2" and document["attributes"]["id"] == "4"
    assert document["attributes"]["type"] == "com.acme.order.moved"
    assert base64.b64decode(document["dataBase64"]) == b'{"id":\n"A-2"}'


def test_an_edit_that_is_none_stays_in_the_form(console, api):
    page = console.post(
        f"{DEAD}/replay", console.get(DEAD).form("/replay") | {"event-attributes": "type"}
    )
    assert page.status == 400 and not api.sent
    assert "attributes, line 1: expected `name: value`" in page.text
    assert page.form("/replay")["event-attributes"] == "type"


def test_data_that_cannot_be_edited_are_not_after_a_fault_either():
    data = {"base64": "/wD/", "bytes": 3, "truncated": False}
    dead = event("k-1", deliveries=[delivery(1, "orders", "dead")]) | {"data": data}
    console, path = Console(Recorder(events=[dead])), "/ui/events/k-1/dead-letters/1"
    fields = console.get(path).form("/replay") | {"event-attributes": "type"}
    page = console.post(f"{path}/replay", fields)
    assert page.status == 400 and "travel as they came" in page.text
    assert not page.tree.all("textarea", name="body")


def test_a_dead_letter_is_discarded(console, api):
    sent = console.post(f"{DEAD}/discard", console.get(DEAD).form("/discard"))
    assert api.sent == [("DELETE", "/system/dead-letters/14", None)]
    assert "Discarded" in console.follow(sent).text


# Asynchronous calls ------------------------------------------------------------------------------


def test_calling_again_and_giving_up(console, api):
    waiting, over = (f"/ui/calls/{each['id']}" for each in api.calls)
    page = console.follow(console.post(f"{waiting}/cancel", console.get(waiting).form("/cancel")))
    assert api.sent == [("DELETE", f"/async-function/{api.calls[0]['id']}", None)]
    assert "Cancelled" in page.text
    console.post(f"{over}/replay", console.get(over).form("/replay"))
    assert api.sent[1] == ("POST", f"/system/calls/{api.calls[1]['id']}/replay", {})


def test_what_the_platform_refuses_is_said(console, api):
    path = f"/ui/calls/{api.calls[0]['id']}"
    fields = console.get(path).form("/cancel")
    api.refusal = ApiRefused(409, "the call is being tried right now")
    page = console.post(f"{path}/cancel", fields)
    assert page.status == 409 and "the call is being tried right now" in page.text


# Forms of others ---------------------------------------------------------------------------------

FORMS = (
    f"{HELLO}/invoke",
    "/ui/events",
    "/ui/events/k-6/replay",
    f"{DEAD}/replay",
    f"{DEAD}/discard",
    "/ui/calls/0d3adf1e6a7b4d0f9f2f7b1c9a1e5b11/replay",
    "/ui/calls/0d3adf1e6a7b4d0f9f2f7b1c9a1e5b11/cancel",
)


def test_these_are_all_that_take_forms(console):
    patterns = {
        each.pattern
        for each in console.routing._fixed.values()
        for each in each.routes.values()
        if each.takes_forms
    }
    patterns |= {
        each.pattern
        for p in console.routing._open
        for each in p.routes.values()
        if each.takes_forms
    }
    found = {
        route.pattern for path in FORMS if (route := console.routing.find(path).routes["POST"])
    }
    assert found == patterns


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize(
    "how", ["no token", "another token", "another site", "a neighbour", "json", "text", "no type"]
)
def test_a_forged_form_does_nothing(console, api, path, how):
    fields = {"token": console.token(), "event-type": "x", "event-source": "/x"}
    headers = {}
    if how == "no token":
        del fields["token"]
    elif how == "another token":
        fields["token"] = Console(api).token()
    elif how == "another site":
        headers["sec_fetch_site"] = "cross-site"
    elif how == "a neighbour":
        headers["sec_fetch_site"] = "same-site"
    else:
        headers["content_type"] = {"json": "application/json", "text": "text/plain", "no type": ""}[
            how
        ]
    page = console.post(path, fields, **headers)
    assert page.status == (415 if how in ("json", "text", "no type") else 403)
    assert not api.sent and not api.invoked


def test_a_form_from_before_says_what_to_do(console):
    page = console.post("/ui/events", {"token": "of-yesterday"})
    assert "go back, reload the page, send it again" in page.text


def test_a_form_that_cannot_be_read(console):
    for body in (b"token=\xff\xfe", b"&".join(b"a=%d" % n for n in range(200))):
        page = console.ask(
            "POST", "/ui/events", body=body, content_type="application/x-www-form-urlencoded"
        )
        assert page.status == 400
