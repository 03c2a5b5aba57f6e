"""The console on a real door: who may see it, what browsers may keep, what a form must carry."""

import base64
import http.client
from contextlib import closing
from urllib.parse import urlencode, urlsplit

import pytest
from tests.local.console.page import Page
from tests.local.console.platforms import busy
from tests.local.console.serving import PASSWORD, serving

from wherry.reply import Reply

AUTHORIZATION = "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()


@pytest.fixture(scope="module")
def site():
    with serving(busy()) as site:
        yield site


def ask(site, method, target, body=None, *, known=True, **headers):
    connection = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=10)
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    if known:
        fields["Authorization"] = AUTHORIZATION
    with closing(connection):
        connection.request(method, target, body, fields)
        with connection.getresponse() as answer:
            content = answer.read()
    headers = [(name.lower().encode(), value.encode()) for name, value in answer.getheaders()]
    return Page(Reply(answer.status, headers, content))


def form(site, **headers):
    token = ask(site, "GET", "/ui/events").form("/ui/events")["token"]
    body = urlencode({"token": token, "event-type": "t", "event-source": "/s"})
    kind = {"Content_Type": "application/x-www-form-urlencoded"}
    return ask(site, "POST", "/ui/events", body, **(kind | headers))


@pytest.mark.parametrize("path", ["/ui/", "/ui/events", "/ui/static/console.js", "/ui/none"])
def test_nothing_is_shown_without_the_password(site, path):
    page = ask(site, "GET", path, known=False)
    assert page.status == 401 and page.body == b"invalid credentials"
    assert page.headers["www-authenticate"] == 'Basic realm="Restricted"'


@pytest.mark.parametrize("path", ["/", "/ui"])
def test_the_ways_in(site, path):
    page = ask(site, "GET", path, known=False)
    assert (page.status, page.headers["location"]) == (307, "/ui/")


def test_a_page(site):
    page = ask(site, "GET", "/ui/")
    assert page.status == 200 and "orders" in page.text
    head = ask(site, "HEAD", "/ui/")
    assert head.status == 200 and head.body == b""
    assert head.headers["content-length"] == str(len(page.body))


def test_files_are_kept_by_what_is_in_them(site):
    page = ask(site, "GET", "/ui/")
    target = page.tree.one("link", rel="stylesheet")["href"]
    file = ask(site, "GET", target)
    assert file.headers["content-type"] == "text/css; charset=utf-8"
    assert file.headers["cache-control"] == "private, max-age=31536000, immutable"
    tag = file.headers["etag"]
    assert tag.strip('"') in target
    for condition in (tag, f'W/{tag}, "x"', f'"x", {tag}', "*"):
        again = ask(site, "GET", target, If_None_Match=condition)
        assert (again.status, again.body) == (304, b"")
        assert again.headers["etag"] == tag
    assert ask(site, "GET", target, If_None_Match='"x"').status == 200
    assert ask(site, "HEAD", target).headers["content-length"] == str(len(file.body))
    for other in (target.partition("?")[0], target + "0"):
        assert ask(site, "GET", other).headers["cache-control"] == "no-cache"


def test_no_file_but_its_own(site):
    for path in ("/ui/static/none", "/ui/static/console.css/", "/ui/static/templates"):
        assert ask(site, "GET", path).status == 404
    assert ask(site, "GET", "/ui/static/..%2fsite.py").status == 400


def test_a_form_of_the_console(site):
    for headers in (
        {},
        {"Origin": site.url},
        {"Origin": site.url, "Sec_Fetch_Site": "same-origin"},
    ):
        assert form(site, **headers).status == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Host": "evil.example"},
        {"Content_Type": "text/plain"},
    ],
)
def test_a_form_of_another_page(site, headers):
    before = len(site.api.sent)
    assert form(site, **headers).status in (403, 415, 421)
    assert len(site.api.sent) == before


def test_a_form_that_is_too_long(site):
    kind = {"Content_Type": "application/x-www-form-urlencoded"}
    page = ask(site, "POST", "/ui/events", b"a" * (8 * 1024 * 1024 + 1), **kind)
    assert page.status == 413


def test_methods(site):
    page = ask(site, "DELETE", "/ui/events/k-1")
    assert (page.status, page.headers["allow"]) == (405, "GET, HEAD")
