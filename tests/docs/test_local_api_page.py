"""The page of the admin API has each of its routes, and no other."""

import re
from dataclasses import fields
from pathlib import Path
from unittest.mock import Mock

from wherry_local.broker.event_routes import EventRoutes
from wherry_local.gateway import api
from wherry_local.platform.scrape import routes as metric_routes

PAGE = Path(__file__).resolve().parents[2] / "docs/local-api.md"
ROW = re.compile(r"^\| `([A-Z]+) (/\S*)` \| (.*) \|$", re.MULTILINE)


def test_the_routes_are_those_of_the_page():
    parts = api.Parts(**{each.name: Mock() for each in fields(api.Parts)})  # none is asked
    events = EventRoutes(queue=Mock(), flow=Mock(), subscriptions=Mock(), namespace=Mock())
    routes = [*api.routes(parts), *events.routes(), *metric_routes(Mock(), Mock(), Mock())]
    there = {(method, each.pattern): not each.guarded for each in routes for method in each.methods}
    said = {
        (method, pattern): meaning.startswith("*open*")
        for method, pattern, meaning in ROW.findall(PAGE.read_text())
    }
    assert said == there
