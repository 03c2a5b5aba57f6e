import pytest

from wherry_local.console.listing import Listing
from wherry_local.front.asked import Asked


def listing(query):
    asked = Asked(method="GET", path="/ui/calls", query=query)
    return Listing.of(asked, "/ui/calls", ("function", "state"))


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", {}),
        ("function=+hello+&state=&other=x", {"function": "hello"}),
        ("state=dead&before=17", {"state": "dead", "before": "17"}),
        ("before=x", {}),
        ("before=-1", {}),
    ],
)
def test_what_is_chosen_is_what_the_platform_is_asked(query, wanted):
    assert listing(query).query(50) == wanted | {"limit": "50"}


def test_the_newest_page_of_everything_is_the_whole_list():
    assert listing("").values({"next": None}) == {
        "page": {"next": None},
        "chosen": {"function": "", "state": ""},
        "is_filtered": False,
        "is_latest": True,
        "older": "",
    }


def test_the_way_on_keeps_the_filter():
    values = listing("function=a+b&before=9").values({"next": "4"})
    assert values["older"] == "/ui/calls?function=a+b&before=4"
    assert values["is_filtered"] and not values["is_latest"]
