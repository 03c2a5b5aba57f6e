"""Every text is readable on every ground, in light and in dark (WCAG 2.2, 1.4.3 and 1.4.11)."""

import itertools
import re
from pathlib import Path

import pytest

import wherry_local.console

SHEET = Path(wherry_local.console.__file__).parent.joinpath("static", "console.css").read_text()
BLOCK = re.compile(r":root \{(.*?)\}", re.DOTALL)
COLOUR = re.compile(r"--([a-z-]+): (#[0-9a-f]{6});")


def schemes():
    light, dark = (dict(COLOUR.findall(block)) for block in BLOCK.findall(SHEET))
    return {"light": light, "dark": light | dark}


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_arithmetic():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(scheme):
    colours = schemes()[scheme]
    texts = [name for name in colours if name.startswith("text")]
    grounds = [name for name in colours if name.startswith("surface")]
    assert len(texts) == 6 and len(grounds) == 3
    pairs = [*itertools.product(texts, grounds), ("on-accent", "fill-accent")]
    low = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in pairs}
    assert {pair: round(ratio, 2) for pair, ratio in low.items() if ratio < 4.5} == {}
    for ground in grounds:  # the border of a field is what shows that it is one
        assert contrast(colours["line-field"], colours[ground]) >= 3


def test_both_schemes_say_every_colour():
    light, dark = (dict(COLOUR.findall(block)) for block in BLOCK.findall(SHEET))
    assert light.keys() == dark.keys()


def test_colours_stand_in_one_place():
    rest = BLOCK.sub("", SHEET)
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(", rest)


def test_nothing_is_loaded_from_elsewhere():
    assert "url(" not in SHEET and "@import" not in SHEET
    script = Path(wherry_local.console.__file__).parent.joinpath("static", "console.js").read_text()
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "http:",
        "https:",
        "import ",
    ):
        assert word not in script
