"""Modules written as their frameworks' documentation writes them, and the names they import."""

import subprocess
import sys
import textwrap

import pytest

from wherry.adapters import finder

TOPS = {name.partition(".")[0] for name in finder.PROVIDED}


def forget_provided():
    """Take the finder away, and what it has found."""
    finder.remove()
    for name, module in list(sys.modules.items()):
        is_alias = getattr(module, "__name__", name) != name and name.partition(".")[0] in TOPS
        loader = getattr(getattr(module, "__spec__", None), "loader", None)
        if is_alias or isinstance(loader, finder._Loader):
            del sys.modules[name]


@pytest.fixture(autouse=True)
def imports_as_before(tmp_path):
    """Each test begins without the finder, and leaves no module that it has imported behind."""
    path, before = list(sys.path), set(sys.modules)
    forget_provided()
    yield
    forget_provided()
    sys.path[:] = path
    # What is below comes first: the path of a namespace is asked of the package above it.
    for name in sorted(set(sys.modules) - before, reverse=True):
        module = sys.modules[name]
        places = [getattr(module, "__file__", None), *getattr(module, "__path__", [])]
        is_written = any(str(place).startswith(str(tmp_path)) for place in places)
        if is_written or name.partition(".")[0] in TOPS - {"cloudevents"}:
            del sys.modules[name]


@pytest.fixture
def written(tmp_path):
    """Write a module; the path of its file."""

    def write(text, name="main.py"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))
        return file

    return write


@pytest.fixture
def loaded_modules():
    """Names of the modules that a process of its own has imported once it has loaded a file."""

    def names(file):
        code = (
            f"import sys\nfrom wherry.loader import load\nload({str(file)!r})\nprint(*sys.modules)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True
        )
        return set(done.stdout.split())

    return names


@pytest.fixture
def seen_by():
    """What a function has put into its module's list `seen`."""

    def seen(handler):
        stem = handler.name.rpartition(".")[0]
        (module,) = (
            module
            for name, module in sys.modules.items()
            if name.startswith("wherry_function_")
            and name.endswith(stem)
            and hasattr(module, "seen")
        )
        return module.seen

    return seen
