"""Each rule of the linter has its part in one page, in the order of the ids."""

import re
from pathlib import Path

import pytest

from wherry_build.lint.run import all_rules

FOLDER = Path(__file__).resolve().parents[2] / "docs/lint"
RULE_PART = re.compile(r"<!-- begin ([A-Z0-9]{3}\d{3}) -->")
PAGES = {page.name: RULE_PART.findall(page.read_text()) for page in sorted(FOLDER.glob("*.md"))}


def test_every_rule_has_its_part_in_one_page():
    assert sorted(rule for parts in PAGES.values() for rule in parts) == sorted(all_rules())


@pytest.mark.parametrize("page", PAGES)
def test_the_rules_of_a_family_are_in_order(page):
    ids = [rule for rule in PAGES[page] if not rule.startswith("LNT")]
    assert ids == sorted(ids)
