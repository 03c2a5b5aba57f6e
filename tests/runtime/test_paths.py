"""Paths as text name what `pathlib` names."""

from pathlib import Path

import pytest

from wherry import paths

NAMES = ["/app/function/handler.py", "handler.py", "a.b.py", ".py", "/app/handler", "m.n", "x."]


@pytest.mark.parametrize("text", NAMES)
def test_names_are_those_of_pathlib(text: str):
    path = Path(text)
    # Of a last dot with nothing behind it, Pythons differ.
    expected = (path.name, path.stem.rstrip("."), path.suffix.rstrip("."))
    found = (paths.name_of(text), paths.stem_of(text), paths.suffix_of(text).rstrip("."))
    assert found == expected
    assert paths.parent_of(paths.absolute(text)) == str(path.absolute().parent)
