"""What a template put under a user's function, and the user does not want."""

import shutil
import subprocess
import sys

import pytest

from wherry.loader import CANDIDATES
from wherry_build.image.layers.cache import LayerCache
from wherry_build.image.layers.contents import LayerOptions, code_layer
from wherry_build.image.oci.media_types import MediaTypes
from wherry_build.image.wheels.requirements import Source, read_requirements
from wherry_build.project.folder import read_folder
from wherry_build.template import FOLDER, overlay, template_files


@pytest.fixture(scope="module")
def files():
    return template_files("python3-wherry-typed")


@pytest.fixture
def context(files, tmp_path):
    """A context as faas-cli begins it: the whole template, with its own function."""
    for path, content in files.items():
        file = tmp_path / path.partition("/")[2]
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
    return tmp_path


def run(context):
    """Run it as the Dockerfile does."""
    return subprocess.run(
        [sys.executable, "-I", context / "overlay.py", context / "function", "SHA256SUMS"],
        cwd=context,
        capture_output=True,
        text=True,
        check=False,
    )


def cleared(context):
    """The files of the function after it has run."""
    done = run(context)
    assert done.returncode == 0, done.stderr
    files = (path for path in (context / "function").rglob("*") if path.is_file())
    return sorted(path.relative_to(context / "function").as_posix() for path in files)


def test_a_new_function_is_whole(context):
    assert cleared(context) == ["handler.py", "requirements.txt", "test_handler.py"]


def test_an_edited_handler_keeps_the_test_that_came_with_it(context):
    (context / "function/handler.py").write_text("def handle(request): ...\n")
    assert "test_handler.py" in cleared(context)


@pytest.mark.parametrize("test", ["test_hello.py", "hello_test.py", "tests/test_hello.py"])
def test_a_users_tests_stand_in_place_of_the_samples(context, test):
    (context / "function" / test).parent.mkdir(exist_ok=True)
    (context / "function" / test).write_text("")
    assert cleared(context) == sorted(["handler.py", "requirements.txt", test])


@pytest.mark.parametrize("handler", [name for name in CANDIDATES if name != "handler.py"])
def test_a_handler_of_another_name_is_not_hidden_by_the_sample(context, handler):
    (context / "function" / handler).parent.mkdir(exist_ok=True)
    (context / "function" / handler).write_text("def handle(request): ...\n")
    assert cleared(context) == sorted([handler, "requirements.txt"])


def test_what_was_edited_is_the_users(context):
    (context / "function/main.py").write_text("")
    for name in ("handler.py", "test_handler.py"):
        with (context / "function" / name).open("a") as file:
            file.write("# mine\n")
    assert {"handler.py", "main.py", "test_handler.py"} <= set(cleared(context))


def test_it_knows_every_place_where_the_runtime_looks():
    assert overlay.OTHER_HANDLERS | {overlay.SAMPLE_HANDLER} == set(CANDIDATES)


ASKING = {
    "pyproject.toml": [
        '[project]\nname = "x"\ndependencies = ["httpx"]\n',
        '[project]\nname = "x"\ndynamic = ["dependencies"]\n',
        '[tool.poetry.dependencies]\nhttpx = "*"\n',
        "[project\n",
    ],
    "uv.lock": ["version = 1\n"],
    "pylock.toml": ['lock-version = "1.0"\n'],
}
"""Files by which a function may ask for packages, and that pip cannot install from."""


@pytest.mark.parametrize(
    ("name", "text"), [(k, text) for k, texts in ASKING.items() for text in texts]
)
def test_packages_that_pip_would_not_install_fail_the_build(context, name, text):
    """faas-cli leaves the sample's empty requirements.txt there: it must not be what counts."""
    (context / "function" / name).write_text(text)
    done = run(context)
    assert done.returncode == 1
    assert name in done.stderr
    assert ("requirements.txt" in done.stderr) == (text != "[project\n")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("text", ["[tool.ruff]\n", '[project]\nname = "x"\nversion = "1"\n'])
def test_a_pyproject_toml_that_asks_for_nothing_is_no_obstacle(context, text):
    (context / "function/pyproject.toml").write_text(text)
    assert cleared(context) == ["handler.py", "pyproject.toml", "test_handler.py"]


@pytest.mark.parametrize(("name", "texts"), ASKING.items())
def test_a_requirements_txt_of_the_users_own_is_installed_beside_any(context, name, texts):
    (context / "function" / name).write_text(texts[0])
    (context / "function/requirements.txt").write_text("httpx==0.28.1\n")
    assert {name, "requirements.txt"} <= set(cleared(context))


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("pyproject.toml", Source.PROJECT),
        ("uv.lock", Source.UV_LOCK),
        ("pylock.toml", Source.PYLOCK),
    ],
)
def test_the_builder_reads_what_the_user_asks_for(context, name, source):
    folder = context / "function"
    (folder / name).write_text(ASKING[name][0])
    sums = overlay.read_sums((context / "SHA256SUMS").read_text(), below="function/")
    assert overlay.clear(folder, sums) == ["requirements.txt"]
    assert read_requirements(folder).source is source


@pytest.fixture
def pulled(tmp_path):
    """A context of a template that faas-cli has pulled from a checkout's `templates/`."""
    return shutil.copytree(FOLDER / "python3-wherry", tmp_path / "pulled")


def test_a_handler_alone_is_all_there_is_of_the_function(pulled, tmp_path):
    for folder in (pulled / "function", tmp_path / "alone"):
        folder.mkdir(exist_ok=True)
        (folder / "handler.py").write_text("def handle(): ...\n")
    cleared(pulled)
    options = LayerOptions(cache=LayerCache(tmp_path / "cache"), media=MediaTypes.OCI)
    layers = [
        code_layer(read_folder(folder, name="hello").functions[0], options)
        for folder in (pulled / "function", tmp_path / "alone")
    ]
    assert layers[0].content.descriptor == layers[1].content.descriptor


def test_a_readme_of_the_users_own_stays(pulled):
    (pulled / "function/README.md").write_text("# Mine\n")
    assert "README.md" in cleared(pulled)
