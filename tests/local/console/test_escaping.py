"""Whatever others have written comes out as text: no page has a tag or an attribute of theirs."""

import pytest
from tests.local.console.documents import HOSTILE, ago, delivery, event, function, line, trigger
from tests.local.console.page import Console, check_markup
from tests.local.console.platforms import busy
from tests.local.console.recorder import Recorder
from tests.local.console.test_markup import LISTS, ONES

from wherry_local.console.api import ApiRefused, Invoked
from wherry_local.console.content import printable


def hostile():
    """A platform whose every text is hostile."""
    headers = [[HOSTILE, HOSTILE], ["Content-Type", "text/html"]]
    dead = delivery(
        "4",
        HOSTILE,
        "dead",
        lastReason=HOSTILE,
        attempts=[{"at": ago(1), "ms": 1.0, "status": 500, "reason": HOSTILE}],
        answer={"status": 500, "text": HOSTILE},
    )
    attributes = {
        "type": HOSTILE,
        "source": HOSTILE,
        "id": HOSTILE,
        "subject": HOSTILE,
        "evil": HOSTILE,
    }
    one = event(
        "k-1",
        deliveries=[dead],
        mismatches=[(HOSTILE, HOSTILE, HOSTILE)],
        attributes=attributes,
        data=HOSTILE,
        headers=headers,
        parent="k-2",
    )
    two = event("k-2", HOSTILE, replies=["k-1"], data={"x": HOSTILE})
    url = "javascript:document.title='owned'//" + HOSTILE
    calls = [
        {
            "id": "c-1",
            "function": "f",
            "namespace": HOSTILE,
            "state": "delivered",
            "tries": 1,
            "acceptedAt": ago(1),
            "status": 200,
            "callback": url,
        }
    ]
    return Recorder(
        functions=[
            function("f", fault=HOSTILE, handler=HOSTILE, url=url),
            function(HOSTILE, namespace=HOSTILE),
        ],
        brokers=[{"namespace": HOSTILE, "name": HOSTILE, "url": url, "triggers": 1}] * 2,
        triggers=[
            trigger(HOSTILE, "f", filters=[{"exact": {"type": HOSTILE}}], path=HOSTILE),
            trigger("u", None, uri=url),
        ],
        events=[one, two],
        calls=calls,
        lines=[
            line(HOSTILE, name=HOSTILE, call_id=HOSTILE, instance=HOSTILE),
            line(HOSTILE, name="f", call_id="c-1"),
        ],
        routes=[
            {"name": HOSTILE, "hosts": [HOSTILE], "path": HOSTILE, "function": "f", "url": url}
        ],
    )


PAGES = (
    *LISTS,
    "/ui/functions/openfaas-fn/f",
    "/ui/events/k-1",
    "/ui/events/k-2",
    "/ui/events/k-1/dead-letters/4",
    "/ui/calls/c-1",
)


def check_harmless(page):
    check_markup(page)
    assert not page.tree.all("img")
    assert len(page.tree.all("script")) == 1
    for each in page.tree.all("a"):
        assert each["href"].startswith(("/ui/", "#", "http://", "https://")), each["href"]


@pytest.mark.parametrize("path", PAGES)
def test_hostile_texts_are_texts(path):
    page = Console(hostile()).get(path)
    assert page.status == 200
    check_harmless(page)
    assert HOSTILE in page.tree.raw or HOSTILE in str([each.attributes for each in page.tree.all()])


def test_the_pages_are_those_that_there_are():
    shown = {path.partition("?")[0].count("/") for path in (*LISTS, *ONES)}
    assert {path.count("/") for path in PAGES} == shown


@pytest.mark.parametrize(
    "name",
    [
        "type",
        "source",
        "state",
        "trigger",
        "function",
        "text",
        "callId",
        "instance",
        "tail",
        "did",
        "before",
        "answer",
    ],
)
@pytest.mark.parametrize("path", [*LISTS, "/ui/functions/openfaas-fn/orders"])
def test_hostile_arguments_are_texts(path, name):
    from urllib.parse import quote

    page = Console(busy()).get(f"{path}?{name}={quote(HOSTILE)}")
    assert page.status == 200
    check_harmless(page)


def test_a_hostile_answer_is_text():
    api = busy()
    api.answer = Invoked(
        status=200,
        headers=[("Content-Type", "text/html"), ("X", HOSTILE)],
        body=HOSTILE.encode(),
        took_s=0.1,
    )
    console = Console(api)
    path = "/ui/functions/openfaas-fn/hello"
    fields = console.get(path).form("/invoke") | {
        "mode": "request",
        "body": HOSTILE,
        "headers": f"X-A: {HOSTILE}",
    }
    sent = console.post(f"{path}/invoke", fields)
    page = console.follow(sent)
    check_harmless(page)
    assert HOSTILE in page.tree.raw
    raw = console.get(page.tree.one("a", href=f"/ui/answers/{api.invoked[0].call_id}")["href"])
    assert raw.body == HOSTILE.encode()
    assert raw.headers["content-type"].startswith("text/plain")
    assert "sandbox" in raw.headers["content-security-policy"]
    assert raw.headers["x-content-type-options"] == "nosniff"


def test_a_hostile_refusal_is_text():
    api = busy()
    console = Console(api)
    fields = {"token": console.token(), "event-type": HOSTILE, "event-source": "/x"}
    api.refusal = ApiRefused(400, HOSTILE)
    page = console.post("/ui/events", fields)
    assert page.status == 400
    check_harmless(page)
    assert HOSTILE in page.tree.raw


def test_nothing_acts_on_a_terminal_or_turns_a_line_around():
    assert printable("\x1b[31mred\x1b[0m") == "red"
    assert printable("a\u202eb\x00\x07\r") == "a\\x202eb\\x00\\x07\\x0d"
    assert printable("tab\tline\nümlaut 漢") == "tab\tline\nümlaut 漢"
