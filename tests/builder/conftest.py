"""Folders of functions to read, and the project that they make."""

from pathlib import Path

import pytest

from wherry_build.project import Declarations, Function, Project


@pytest.fixture
def write(tmp_path):
    """Write files below the test's folder: `write({"functions/hello/handler.py": "..."})`."""

    def write(files):
        for path, content in files.items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path

    return write


@pytest.fixture
def make_function():
    """A function by name, with whatever else is given."""

    def make(name="hello", *, event_types=(), http=True, **changes):
        declarations = Declarations(http=http, event_types=tuple(event_types))
        folder = Path("/src/functions") / name
        return Function(name=name, folder=folder, declarations=declarations, **changes)

    return make


@pytest.fixture
def project(make_function):
    """Two functions: one for requests, one for events."""
    return Project(
        root=Path("/src"),
        functions=(
            make_function("hello"),
            make_function("orders", event_types=("com.acme.order.placed",), http=False),
        ),
    )
