"""The console's routes without a socket, and pages as trees, whose markup is checked."""

import asyncio
import itertools
import re
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlencode, urlsplit

from wherry_local.console import routes
from wherry_local.front.asked import Asked
from wherry_local.front.routing import Routing

BLOCKS = {"p", "div", "dt", "dd", "th", "td", "li", "pre", "h1", "h2", "h3"}
VOID = {"input", "link", "meta", "br", "img", "hr"}


class Node:
    def __init__(self, tag, attributes, above):
        self.tag, self.attributes, self.above = tag, dict(attributes), above
        self.parts = []

    def __getitem__(self, name):
        return self.attributes.get(name)

    @property
    def children(self):
        return [each for each in self.parts if isinstance(each, Node)]

    @property
    def text(self):
        return " ".join("".join(self._texts(apart=True)).split())

    @property
    def raw(self):
        return "".join(self._texts())

    def _texts(self, *, apart=False):
        if apart and self.tag in BLOCKS:
            yield " "
        for each in self.parts:
            yield from each._texts(apart=apart) if isinstance(each, Node) else (each,)

    def all(self, tag=None, **wanted):
        found = []
        for each in self.children:
            if (tag is None or each.tag == tag) and all(
                each[name.rstrip("_")] == value for name, value in wanted.items()
            ):
                found.append(each)
            found += each.all(tag, **wanted)
        return found

    def one(self, tag=None, **wanted):
        found = self.all(tag, **wanted)
        assert len(found) == 1, (tag, wanted, len(found))
        return found[0]

    def classed(self, name):
        return [each for each in self.all() if name in (each["class"] or "").split()]

    def within(self, tag):
        above = self.above
        while above is not None and above.tag != tag:
            above = above.above
        return above


class _Builder(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.root = self.here = Node("", (), None)

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice"
        node = Node(tag, attrs, self.here)
        self.here.parts.append(node)
        if tag not in VOID:
            self.here = node

    def handle_endtag(self, tag):
        assert tag == self.here.tag, f"</{tag}> ends <{self.here.tag}>"
        self.here = self.here.above

    def handle_data(self, data):
        self.here.parts.append(data)


def tree(text):
    builder = _Builder()
    builder.feed(text.replace("\r\n", "\n"))  # as a browser reads it
    builder.close()
    assert builder.here is builder.root, f"<{builder.here.tag}> is left open"
    return builder.root


class Page:
    """An answer, with its tree where it is a page."""

    def __init__(self, reply):
        self.status = reply.status
        self.headers = {name.decode(): value.decode() for name, value in reply.headers}
        self.body = reply.body
        self.is_html = self.headers.get("content-type", "").startswith("text/html")
        self.tree = tree(reply.body.decode()) if self.is_html else None

    @property
    def main(self):
        return self.tree.one("main")

    @property
    def text(self):
        return self.main.text

    def form(self, action, method="post"):
        """The form of that action, as the fields a browser would send of it."""
        forms = self.tree.all("form", method=method)
        form = next(each for each in forms if each["action"].endswith(action))
        fields = {}
        for each in form.all():
            name = each["name"]
            if each.tag == "textarea":
                # A newline right behind the tag is none of its text.
                fields[name] = each.raw.removeprefix("\n").replace("\n", "\r\n")
            elif each.tag == "select":
                options = each.all("option")
                chosen = [o for o in options if "selected" in o.attributes] or options[:1]
                fields[name] = (
                    chosen[0]["value"] if chosen[0]["value"] is not None else chosen[0].text
                )
            elif each.tag == "input" and (each["type"] != "radio" or "checked" in each.attributes):
                fields[name] = each["value"] or ""
        return fields


class Console:
    """A console, asked as a browser would."""

    def __init__(self, api):
        self.api = api
        self.routing = Routing(routes(api), {})

    def ask(self, method, target, *, body=b"", **headers):
        path, query = urlsplit(target).path, urlsplit(target).query
        place = self.routing.find(path)
        assert place.problem is None, (target, place.problem)
        assert method in place.routes, (method, target)
        fields = [
            (name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()
        ]
        asked = Asked(
            method=method, path=path, query=query, headers=fields, body=body, named=place.named
        )
        return Page(asyncio.run(place.routes[method].answer(asked)))

    def get(self, target, **headers):
        return self.ask("GET", target, **headers)

    def post(self, target, fields, **headers):
        kind = {
            "content_type": "application/x-www-form-urlencoded",
            "sec_fetch_site": "same-origin",
        }
        return self.ask("POST", target, body=urlencode(fields).encode(), **(kind | headers))

    def token(self):
        return self.get("/ui/events").form("/ui/events")["token"]

    def follow(self, page):
        assert page.status == 303
        return self.get(page.headers["location"].partition("#")[0])


def query_of(target):
    return {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}


def check_markup(page):
    nodes = page.tree.all()
    ids = [each["id"] for each in nodes if each["id"]]
    assert len(ids) == len(set(ids)), [each for each in ids if ids.count(each) > 1]
    for each in nodes:
        assert "style" not in each.attributes
        assert not [name for name in each.attributes if name.startswith("on")]
        for name in ("aria-labelledby", "aria-describedby", "for"):
            assert not each[name] or each[name] in ids, each[name]
        if each.tag in ("input", "select", "textarea") and each["type"] != "hidden":
            label = each.within("label")
            assert label is not None and label.text, each.attributes
        if each.tag == "button":
            assert each["type"] in ("submit", "button") and each.text
        if each.tag == "a":
            assert each.text, each.attributes
    assert not page.tree.all("style")
    assert [each["type"] for each in page.tree.all("script")] == ["module"]
    assert all(not each.text for each in page.tree.all("script"))
    levels = [int(each.tag[1]) for each in nodes if re.fullmatch("h[1-6]", each.tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels)), levels
    for landmark in ("header", "main"):
        page.tree.one(landmark)
    assert page.tree.all("nav", **{"aria-label": "Console"})
    assert page.tree.one("html")["lang"] == "en"
