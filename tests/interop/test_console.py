"""The console in a real browser: as it looks, as it is used by keyboard, as it stays current."""

import os
import re
import shutil
import time
from pathlib import Path

import pytest
from tests.local.console.documents import delivery, event, function, line
from tests.local.console.platforms import busy, idle
from tests.local.console.serving import PASSWORD, serving
from tests.local.console.test_escaping import PAGES as HOSTILE_PAGES
from tests.local.console.test_escaping import hostile

pytestmark = [pytest.mark.interop, pytest.mark.timeout(300)]

PAGES = {
    "functions": "/ui/",
    "function": "/ui/functions/openfaas-fn/orders",
    "events": "/ui/events",
    "event": "/ui/events/k-6",
    "event-dead": "/ui/events/k-4",
    "dead-letters": "/ui/dead-letters",
    "dead-letter": "/ui/events/k-4/dead-letters/14",
    "calls": "/ui/calls",
    "call": "/ui/calls/7c1d0c2e6a7b4d0f9f2f7b1c9a1e5b22",
    "logs": "/ui/logs",
    "routes": "/ui/routes",
    "refused": "/ui/none",
}
LISTS = ("functions", "events", "dead-letters", "calls", "logs", "routes")
WIDTHS = (360, 1440)
SCHEMES = ("light", "dark")

FAULTS = Path(__file__).with_name("console_faults.js").read_text().partition("\n")[2]
# What can be reached by Tab, in the order of the page; each gets a number.
REACHED = """() => [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")]
  .filter((e) => e.checkVisibility() && (e.type !== "radio" || e.checked))
  .map((e, at) => (e.dataset.place = String(at)))"""
FOCUSED = """() => {
  const e = document.activeElement, s = getComputedStyle(e);
  const isSeen = s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2;
  return { place: e.dataset.place ?? null, seen: isSeen && e.getBoundingClientRect().width > 0 };
}"""
AT_END = """() => {
  const e = document.querySelector(".log");
  return e.scrollHeight - e.scrollTop - e.clientHeight < 8;
}"""


@pytest.fixture(scope="module")
def chromium():
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("chromium not found")
    driver = pytest.importorskip("playwright.sync_api")
    with driver.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


class Screen:
    """A window on a console; what went wrong in it is noted."""

    def __init__(self, browser, site, *, width=1440, scheme="light", script=True):
        self.site, self.wrong, self.elsewhere = site, [], []
        self.context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            java_script_enabled=script,
            http_credentials={"username": "admin", "password": PASSWORD},
        )
        self.context.set_default_timeout(15_000)
        self.page = self.context.new_page()
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", self._asked)

    def _said(self, message):
        if message.type in ("error", "warning"):
            self.wrong.append(message.text)

    def _asked(self, request):
        if not request.url.startswith(self.site.url):
            self.elsewhere.append(request.url)

    def open(self, path):
        return self.page.goto(self.site.url + path)


@pytest.fixture
def screen(chromium):
    opened = []

    def screen(site, **options):
        opened.append(Screen(chromium, site, **options))
        return opened[-1]

    yield screen
    for each in opened:
        each.context.close()
    for each in opened:
        assert each.elsewhere == []


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Where the screenshots go: a folder of the run, or the one that WHERRY_SCREENSHOTS names."""
    named = os.environ.get("WHERRY_SCREENSHOTS")
    folder = tmp_path_factory.mktemp("screenshots") if named is None else named
    os.makedirs(folder, exist_ok=True)
    return folder


def eventually(check, within_s=10):
    deadline = time.monotonic() + within_s
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("state", ["busy", "idle"])
def test_every_page_is_in_order(screen, pictures, state, width, scheme):
    api = busy() if state == "busy" else idle()
    with serving(api) as site:
        window = screen(site, width=width, scheme=scheme)
        for name, path in PAGES.items():
            if state == "idle" and name not in LISTS:
                continue
            answer = window.open(path)
            assert answer.status == (404 if name == "refused" else 200)
            assert window.page.evaluate(FAULTS) == [], name
            window.page.screenshot(
                path=f"{pictures}/{state}-{name}-{width}-{scheme}.png", full_page=True
            )
        wrong = [each for each in window.wrong if "404 (Not Found)" not in each]
        assert wrong == []


@pytest.mark.parametrize("name", [*LISTS, "function", "event", "dead-letter", "call"])
def test_all_of_it_is_reached_by_tab_and_seen(screen, name):
    with serving(busy()) as site:
        window = screen(site)
        window.open(PAGES[name])
        if window.page.query_selector("#live:not([hidden])"):
            window.page.evaluate("document.getElementById('live-pause').click()")
        wanted = window.page.evaluate(REACHED)
        assert len(wanted) > 8
        reached = []
        for _ in wanted:
            window.page.keyboard.press("Tab")
            focused = window.page.evaluate(FOCUSED)
            assert focused["seen"], (focused, reached)
            reached.append(focused["place"])
        assert reached == wanted


def test_the_first_tab_skips_to_the_content(screen):
    with serving(busy()) as site:
        window = screen(site)
        window.open("/ui/events")
        window.page.keyboard.press("Tab")
        assert window.page.evaluate("document.activeElement.textContent") == "Skip to content"
        window.page.keyboard.press("Enter")
        window.page.keyboard.press("Tab")
        assert window.page.evaluate("document.activeElement.name") == "type"


def test_figures_change_and_nothing_else_does(screen):
    api = busy()
    with serving(api) as site:
        window = screen(site)
        window.open("/ui/")
        page = window.page
        page.evaluate("document.querySelectorAll('main *').forEach((e) => { e.known = true; })")
        page.focus("#f-openfaas-fn-hello a")
        api.functions[0]["calls"] = 77_777
        eventually(
            lambda: page.evaluate(
                "document.querySelector('#f-openfaas-fn-hello').textContent.includes('77\\u2009777')"
            )
        )
        assert page.evaluate("[...document.querySelectorAll('main *')].every((e) => e.known)")
        assert page.evaluate("document.activeElement.textContent") == "hello"
        api.functions.insert(0, function("another"))
        del api.functions[2]
        page.wait_for_selector("#f-openfaas-fn-another")
        page.wait_for_selector("#f-openfaas-fn-orders", state="detached")
        assert page.evaluate("document.activeElement.textContent") == "hello"
        assert page.evaluate(
            "[...document.querySelectorAll('tbody tr')].map((e) => Boolean(e.known))"
        ) == [False, True, True, True, True, True]
        assert window.wrong == []


def test_events_come_as_they_happen(screen):
    api = busy()
    with serving(api) as site:
        window = screen(site)
        window.open("/ui/events")
        window.page.click("#emit summary")
        window.page.fill("#emit [name=event-type]", "typed.by.hand")
        before = len(api.asked)
        api.events.insert(0, event("k-10", "com.acme.new", age=0))
        site.changed()
        window.page.wait_for_selector("#e-k-10")
        assert window.page.text_content("#news") == "1 new event"
        assert window.page.input_value("#emit [name=event-type]") == "typed.by.hand"
        assert window.page.is_visible("#emit [name=event-type]"), "what was opened stays open"
        assert window.page.text_content("#live-state") == "Live"
        eventually(lambda: len(api.asked) > before)


def test_what_happens_before_the_stream_is_there_is_not_missed(screen):
    api = busy()

    def late(route):
        api.events.insert(0, event("k-10", age=0))
        route.continue_()

    with serving(api) as site:
        window = screen(site)
        window.page.route("**/system/events?*", late)
        window.open("/ui/events")
        window.page.wait_for_selector("#e-k-10")


def test_it_can_be_paused(screen):
    api = busy()
    with serving(api) as site:
        window = screen(site)
        window.open("/ui/events")
        window.page.focus("#live-pause")
        window.page.keyboard.press("Enter")
        assert window.page.text_content("#live-state") == "Paused"
        assert window.page.get_attribute("#live-pause", "aria-pressed") == "true"
        api.events.insert(0, event("k-10"))
        site.changed()
        other = screen(site)
        other.open("/ui/dead-letters")
        api.events.insert(0, event("k-11", deliveries=[delivery(21, "orders", "dead")]))
        site.changed()
        other.page.wait_for_selector("#dead-21")
        assert window.page.query_selector("#e-k-10") is None
        window.page.keyboard.press("Enter")
        window.page.wait_for_selector("#e-k-10")
        assert window.page.text_content("#live-state") == "Live"


def test_a_platform_that_is_gone_is_said_and_its_page_stays(screen):
    with serving(busy()) as site:
        window = screen(site)
        window.open("/ui/")
    eventually(
        lambda: window.page.evaluate(
            "document.getElementById('live-state').textContent.startsWith('Not current')"
        )
    )
    assert window.page.is_visible("#f-openfaas-fn-hello")


def test_a_log_is_followed_at_its_end(screen):
    api = busy()
    api.lines = [line(f"line {n}", age=200 - n) for n in range(200)]
    with serving(api) as site:
        window = screen(site)
        window.open("/ui/logs")
        assert window.page.evaluate(AT_END)
        api.lines.append(line("the newest", age=0))
        site.changed()
        window.page.wait_for_selector("text=the newest")
        assert window.page.evaluate(AT_END)
        window.page.evaluate("document.querySelector('.log').scrollTop = 100")
        api.lines.append(line("the very newest", age=0))
        site.changed()
        window.page.wait_for_selector("text=the very newest", state="attached")
        assert not window.page.evaluate(AT_END), "who reads is left in peace"


def test_a_function_is_called_by_keyboard(screen):
    api = busy()
    with serving(api) as site:
        window = screen(site)
        window.open("/ui/functions/openfaas-fn/hello")
        page = window.page
        page.evaluate("window.still = true")
        page.focus("[name=mode]:checked")
        page.keyboard.press("ArrowLeft")
        assert page.is_visible("[name=request-method]")
        assert not page.is_visible("[name=event-type]")
        page.fill("[name=body]", '{"name": "Grace"}')
        page.focus("[name=path]")
        page.keyboard.press("Enter")
        page.wait_for_selector(".status-line")
        assert api.invoked[-1].body == b'{"name": "Grace"}'
        assert page.evaluate("window.still"), "the page was not left"
        assert page.input_value("[name=body]") == '{"name": "Grace"}'
        assert "200" in page.text_content("#news")
        call_id = api.invoked[-1].call_id
        assert page.url.endswith(f"?answer={call_id}")
        api.lines.append(line("said in this very call", name="hello", call_id=call_id, age=0))
        page.wait_for_selector("#answer-part >> text=said in this very call")
        page.reload()
        assert page.is_visible("#answer-part >> text=said in this very call")
        assert page.input_value("[name=body]") == '{"name": "Grace"}'
        assert window.wrong == []


def test_a_fault_in_the_form_is_said_where_it_is(screen):
    with serving(busy()) as site:
        window = screen(site)
        window.open("/ui/functions/openfaas-fn/hello")
        window.page.fill("[name=headers]", "nonsense")
        window.page.click("button[value=send]")
        assert "line 1" in window.page.text_content(".refusal")
        eventually(lambda: not window.page.is_visible("#live"))  # it stays as it is
        assert window.page.input_value("[name=headers]") == "nonsense"
        window.page.fill("[name=headers]", "X-One: 1")
        window.page.click("button[value=send]")
        window.page.wait_for_selector(".status-line")
        eventually(lambda: window.page.is_visible("#live"))


def test_curl_is_copied(screen):
    with serving(busy()) as site:
        window = screen(site)
        window.context.grant_permissions(["clipboard-read", "clipboard-write"])
        window.open("/ui/functions/openfaas-fn/hello")
        window.page.click("button[value=curl]")
        window.page.click("[data-copy]")
        eventually(lambda: not window.page.is_visible("#live"))
        assert window.page.evaluate("navigator.clipboard.readText()").startswith("curl -i -X POST")


def test_everything_works_without_the_script(screen):
    api = busy()
    with serving(api) as site:
        window = screen(site, script=False)
        page = window.page
        for path in PAGES.values():
            window.open(path)
            assert page.is_visible("h1")
            assert not page.is_visible("#live")
        window.open("/ui/functions/openfaas-fn/hello")
        page.click("button[value=send]")
        assert "200" in page.text_content(".status-line")
        window.open("/ui/events")
        page.click("#emit summary")
        page.fill("[name=body]", '{"a":\n1}')
        page.click("#emit button")
        assert page.text_content(".notice") == "Accepted by the broker."
        window.open("/ui/events/k-4/dead-letters/14")
        page.click("button:text('Replay')")
        assert "Replayed" in page.text_content(".notice")
        assert api.sent[-1] == ("POST", "/system/dead-letters/14/replay", {}), "byte for byte"
        window.open("/ui/events/k-4/dead-letters/14")
        page.click("#discard summary")
        page.click("#discard button")
        assert "Discarded" in page.text_content(".notice")


@pytest.mark.parametrize("path", HOSTILE_PAGES)
def test_hostile_texts_do_nothing(screen, path):
    with serving(hostile()) as site:
        window = screen(site, width=360)
        window.open(path)
        site.changed()
        if window.page.is_visible("#live"):
            mark = "document.querySelector('h1').firstChild.nodeValue = 'old'"
            renewed = "document.querySelector('h1').firstChild.nodeValue !== 'old'"
            window.page.evaluate(mark)
            eventually(lambda: window.page.evaluate(renewed))
        assert window.page.title() != "owned"
        assert window.page.query_selector("main img, main script") is None
        faults = [each for each in window.page.evaluate(FAULTS) if not each.startswith("contrast")]
        assert faults == []
        assert window.wrong == []


def test_the_script_tells_times_as_the_page_does(screen):
    from wherry_local.console import figures

    with serving(idle()) as site:
        window = screen(site)
        window.open("/ui/")
        address = window.page.get_attribute("script", "src")
        for seconds in (0.5, 1, 59, 119, 120, 3600, 7199, 7200, 172_799, 172_800, 10**6, -5, -130):
            told = window.page.evaluate(
                "([address, seconds]) => import(address).then((m) => m.relative(seconds))",
                [address, seconds],
            )
            assert told == figures.relative(0.0, seconds), seconds


def test_times_grow_old(screen):
    api = busy()
    api.events = [event("k-1", age=50)]
    with serving(api) as site:
        window = screen(site)
        window.open("/ui/events")
        window.page.click("#live-pause")
        first = window.page.text_content("#e-k-1 time")
        assert re.fullmatch(r"5\d s ago", first)
        eventually(
            lambda: window.page.evaluate(
                f"document.querySelector('#e-k-1 time').textContent !== '{first}'"
            )
        )
