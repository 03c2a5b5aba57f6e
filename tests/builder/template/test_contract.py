"""What faas-cli makes of the templates, by its own rules: whole contexts, offline, that run."""

import subprocess
import sys

import pytest
from tests.builder.template.shrinkwrap import new, packages, shrinkwrap

from wherry.loader import load
from wherry_build.template import TEMPLATES, export_templates

LANGUAGES = [template.language for template in TEMPLATES]


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    export_templates(folder)
    return folder


@pytest.fixture
def root(exported, tmp_path):
    (tmp_path / "template").symlink_to(exported / "template")
    return tmp_path


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_new_function_has_what_a_function_needs(root, language):
    handler = new(root, "hello", language)
    files = sorted(path.name for path in handler.iterdir())
    assert files == ["handler.py", "requirements.txt", "test_handler.py"]
    assert load(handler / "handler.py")


@pytest.mark.parametrize("is_ci", [False, True], ids=["0700", "0777"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_context_has_all_that_its_dockerfile_copies(root, language, is_ci):
    context = shrinkwrap(root, "hello", language, new(root, "hello", language), is_ci=is_ci)
    for line in (context / "Dockerfile").read_text().splitlines():
        words = line.split()
        if words[:1] == ["COPY"] and not words[1].startswith("--from"):
            assert [word for word in words[1:-1] if not (context / word).exists()] == [], line
    assert len(list(context.glob("wheels/wherry-*.whl"))) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_tests_of_a_new_function_pass_in_its_context(root, language):
    """As the build runs them: the runtime from the wheel beside them, and nothing else of ours."""
    context = shrinkwrap(root, "hello", language, new(root, "hello", language))
    (wheel,) = context.glob("wheels/wherry-*.whl")
    code = (
        "import sys, runpy; sys.path[:] = [p for p in sys.path if '/runtime' not in p]; "
        f"sys.path.insert(0, {str(wheel)!r}); import wherry; assert '.whl' in wherry.__file__; "
        "sys.argv[1:] = ['-q', '-p', 'no:cacheprovider', '-p', 'wherry.testing.plugin']; "
        "runpy.run_module('pytest', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=context / "function",
        env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_option_is_the_packages_of_one_build_argument(root):
    assert packages(root, "python3-wherry", "libpq", "dev").split()[:3] == [
        "gcc",
        "libpq-dev",
        "libpq5",
    ]
    with pytest.raises(KeyError):
        packages(root, "python3-wherry", "oracle")
