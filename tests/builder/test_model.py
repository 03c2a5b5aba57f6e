"""The project's values refuse what no platform could run."""

from pathlib import Path

import pytest

from wherry_build.errors import BuildError, InvalidName, ProjectError
from wherry_build.project import Project, Scale


@pytest.mark.parametrize("changes", [{"timeout_s": 0}, {"timeout_s": 601}, {"concurrency": -1}])
def test_numbers_out_of_range(make_function, changes):
    with pytest.raises(ProjectError, match="expected"):
        make_function(**changes)


@pytest.mark.parametrize(
    "scale", [{"least": 3, "most": 2}, {"most": 0}, {"least": -1}, {"target": 0}]
)
def test_impossible_scales(scale):
    with pytest.raises(ProjectError, match="scale"):
        Scale(**scale)


@pytest.mark.parametrize("changes", [{"environment": {"PORT": "1"}}, {"event_types": ["a\nb"]}])
def test_names_are_checked(make_function, changes):
    with pytest.raises(InvalidName):
        make_function(**changes)


def test_two_functions_of_one_name(make_function):
    with pytest.raises(ProjectError, match="2 functions are called 'hello'"):
        Project(root=Path(), functions=(make_function(), make_function()))


def every_error(kind):
    for child in kind.__subclasses__():
        yield child
        yield from every_error(child)


@pytest.mark.parametrize("kind", [*every_error(BuildError)], ids=lambda kind: kind.__name__)
def test_every_error_is_in_the_tree_of_the_docstring(kind):
    import wherry_build.errors

    assert kind.__name__ in (wherry_build.errors.__doc__ or "")
    assert kind.exit_code in {1, 2, 3}
    assert kind("what", hint="next").hint == "next"
