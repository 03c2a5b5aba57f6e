"""A stranger's requirements name packages and wheels, and nothing on the builder's machine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_build.errors import RemoteBuildRefused
from wherry_build.remote.screening import screen, screen_indexes


@pytest.fixture
def judged(tmp_path):
    """Screen a folder with these files beside a secret one that is out of it."""
    (tmp_path / "secret.txt").write_text("canary-of-the-machine")
    (tmp_path / "secret-1-py3-none-any.whl").write_bytes(b"canary")

    def judged(text, name="requirements.txt", **more):
        folder = tmp_path / "function"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(text)
        for file, content in more.items():
            path = folder / file.replace("__", "/").replace("_txt", ".txt")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        screen(folder)

    return judged


GOOD = [
    "",
    "# nothing\n",
    "flask",
    "Flask == 3.1.* ; python_version >= '3.10'",
    "flask[async, dotenv]>=3,<4",
    "flask~=3.0 # a comment",
    "flask (>=3)",
    "a==1 \\\n  --hash=sha256:" + "0" * 64,
    "thing @ https://files.acme.example/thing-1-py3-none-any.whl",
    "thing @ https://files.acme.example/thing-1-py3-none-any.whl#sha256=" + "0" * 64,
    "https://files.acme.example/thing-1-py3-none-any.whl",
    "--index-url https://ada:secret@pypi.acme.example/simple\nflask",
    "--extra-index-url=http://pypi.acme.example/simple",
    "--find-links https://files.acme.example/\n--no-index\n--pre\n--trusted-host acme.example",
    "--only-binary :all:\n--only-binary=flask,click",
    "flask;python_version>='3.10'",
    "thing @ https://files.acme.example/thing-1-py3-none-any.whl ; python_version >= '3.10'",
    "# a comment \\\nflask",
]


@pytest.mark.parametrize("text", GOOD)
def test_what_functions_ask_for(judged, text):
    judged(text)


BAD = [
    "-r ../secret.txt",
    "-r../secret.txt",
    "--requirement=../secret.txt",
    "-c /etc/passwd",
    "-r https://acme.example/requirements.txt",
    "-r absent.txt",
    "-e .",
    "-e ../other",
    "--editable git+https://acme.example/x.git",
    ".",
    "./",
    "/srv/private",
    "~/private",
    "../secret-1-py3-none-any.whl",
    "folder/other",
    "file:///etc/passwd",
    "thing @ file:///srv/thing-1-py3-none-any.whl",
    "thing @ ../secret-1-py3-none-any.whl",
    "thing @ git+https://acme.example/x.git",
    "git+ssh://git@acme.example/x.git",
    "thing @ https://acme.example/thing-1.tar.gz",
    "https://acme.example/thing-1.zip",
    "--find-links /srv/wheels",
    "-f ../",
    "-f/srv/wheels",
    "--index-url file:///srv/index",
    "-i ftp://acme.example",
    "--extra-index-url=/srv/index",
    "--config-settings x=y",
    "--global-option=x",
    "--use-feature=x",
    "--no-binary flask",
    "--no-binary=:all:",
    "--only-binary :none:",
    "--pre -r ../secret.txt",
    "--no-index --no-binary :all:",
    "--trusted-host x -r ../secret.txt",
    "# harmless \\\n-r ../secret.txt",
    "flask # harmless \\\n-r ../secret.txt",
    "# harmless \\\r\n--find-links ../",
    "# harmless \\\n./folder",
    "flask --config-settings x=y",
    "flask ; python_version > '3' --no-binary flask",
    "thing @ https://files.acme.example/${HOME}/thing-1-py3-none-any.whl",
    "https://files.acme.example/$\\\n{HOME}/thing-1-py3-none-any.whl",
    "thing @ https://acme.example/thing-1-py3-none-any.whl;x y",
    "./own-1-py3-none-any.whl;/../../secret-1-py3-none-any.whl",
    "own-1-py3-none-any.whl --/../../secret-1-py3-none-any.whl",
    "file:///srv/own-1-py3-none-any.whl",
]


@pytest.mark.parametrize("text", BAD)
def test_what_they_may_not_name(judged, text):
    own = {"own-1-py3-none-any.whl": "", "file:__srv__own-1-py3-none-any.whl": ""}
    with pytest.raises(RemoteBuildRefused, match=r"requirements\.txt") as refused:
        judged(f"flask\n{text}\n", **own)
    assert "canary" not in refused.value.message


def test_files_of_the_function_may_be_included(judged):
    judged("-r more.txt\n-c held.txt", more_txt="flask\n", held_txt="flask<4\n")
    with pytest.raises(RemoteBuildRefused, match=r"more\.txt"):
        judged("-r more.txt", more_txt="-r ../secret.txt\n")
    judged("-r more.txt", more_txt="-r requirements.txt\n")  # whoever resolves refuses a circle


def test_a_wheel_is_judged_where_uv_looks_for_it(judged):
    """uv takes paths from the folder that it is run in, not from that of the file."""
    deep = {"a__b__more_txt": "../../secret-1-py3-none-any.whl\n", "secret-1-py3-none-any.whl": ""}
    with pytest.raises(RemoteBuildRefused, match=r"more\.txt"):
        judged("-r a/b/more.txt\n", **deep)


def test_a_wheel_of_the_function_may_be_named(judged, tmp_path):
    (tmp_path / "function").mkdir()
    (tmp_path / "function/own-1-py3-none-any.whl").write_bytes(b"")
    judged("./own-1-py3-none-any.whl\nown-1-py3-none-any.whl\n")


def test_credentials_are_not_repeated(judged):
    with pytest.raises(RemoteBuildRefused) as refused:
        judged("thing @ https://ada:s3cr3t@acme.example/thing-1.tar.gz")
    assert "s3cr3t" not in refused.value.message


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pylock.toml", '[[packages]]\nname="a"\ndirectory={path="/srv/private"}'),
        ("pylock.toml", '[[packages]]\nname="a"\nwheels=[{path="../secret-1.whl"}]'),
        ("pylock.toml", '[[packages]]\nname="a"\narchive={url="file:///srv/a.tar.gz"}'),
        ("uv.lock", '[[package]]\nname="a"\nsource={registry="/srv/index"}'),
        ("uv.lock", '[[package]]\nname="a"\nsource={editable="../x"}'),
        ("pyproject.toml", '[project]\ndependencies=["a @ file:///srv/a.whl"]'),
        ("pyproject.toml", '[project]\ndependencies=["a @ git+https://acme.example/x"]'),
        ("pyproject.toml", '[tool.uv.sources]\na={path="~/a"}'),
        ("pyproject.toml", '[tool.uv]\nfind-links=["/srv/wheels"]'),
        ("pyproject.toml", '[project]\nname="f"\nversion="1"\ndynamic=["dependencies"]'),
        ("pyproject.toml", '[project]\ndependencies=["a @ FILE:///srv/a-1-py3-none-any.whl"]'),
        ("pyproject.toml", '[project]\ndependencies=["a @\\n/srv/a-1-py3-none-any.whl"]'),
        ("pyproject.toml", '[project]\ndependencies=["a @ x/../../a-1-py3-none-any.whl"]'),
        ("pyproject.toml", '[project.optional-dependencies]\nb=["a @ x/../../a-1-x-none-any.whl"]'),
        ("pylock.toml", '[[packages]]\nname="a"\nwheels=[{url="FILE:/srv/a-1.whl"}]'),
        ("pyproject.toml", '[project]\ndependencies=["a @ http://x/${TOKEN}/a-1-x-none-any.whl"]'),
        ("pyproject.toml", '[project]\ndependencies=["a @ http://x/\\u0024{TOKEN}/a-1.whl"]'),
        ("pyproject.toml", '[[tool.uv.index]]\nname="corp"\nurl="http://acme.example"'),
        ("pyproject.toml", '[tool.uv.sources]\na={git="https://acme.example/x"}'),
        ("pylock.toml", '[[packages]]\nname="a"\nwheels=[{url="https://x/${TOKEN}/a.whl"}]'),
        ("uv.lock", '[[package]]\nname="a"\nsource={registry="https://x/${TOKEN}"}'),
    ],
)
def test_locks_and_project_files(judged, name, text):
    with pytest.raises(RemoteBuildRefused, match=name.replace(".", r"\.")):
        judged(text, name=name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pylock.toml", '[[packages]]\nname="a"\nwheels=[{url="https://x/a.whl", path="a.whl"}]'),
        ("uv.lock", '[[package]]\nname="f"\nsource={virtual="."}'),
        ("uv.lock", '[[package]]\nname="a"\nsource={registry="https://pypi.org/simple"}'),
        ("pyproject.toml", '[project]\nname="f"\ndependencies=["flask>=3"]'),
        ("pyproject.toml", '[project]\ndependencies=["a[b]~=3;python_version>=\'3\'", "c"]'),
        ("pyproject.toml", '[project]\ndependencies=["a @ https://x/a-1-x-none-any.whl ; extra"]'),
        ("pyproject.toml", '[tool.pytest.ini_options]\npythonpath=["src"]'),
        ("pyproject.toml", '[project]\nauthors=[{email="ada@github.example"}]'),
    ],
)  # fmt: skip
def test_locks_and_project_files_as_they_are(judged, name, text):
    judged(text, name=name)


def test_what_needs_its_authors_code_is_for_those_who_run_it(tmp_path):
    text = '[project]\nname="f"\nversion="1"\ndynamic=["dependencies"]'
    (tmp_path / "pyproject.toml").write_text(text)
    screen(tmp_path, builds_sources=True)


@pytest.mark.parametrize(
    "text",
    ["corp=https://acme.example/simple", "file:///srv/index", "/srv/wheels", "../wheels",
     "https://acme.example/simple /srv/wheels", "ftp://acme.example"],
)  # fmt: skip
def test_indexes_that_come_with_a_build_are_on_the_web(text, tmp_path):
    with pytest.raises(RemoteBuildRefused, match="PIP_EXTRA_INDEX_URL"):
        screen_indexes({"PIP_EXTRA_INDEX_URL": text})
    for name in ("index-url", "extra_index_url", "find-links"):
        (tmp_path / "pip.conf").write_text(f"[global]\n{name} = {text}\n")
        with pytest.raises(RemoteBuildRefused, match=r"pip\.conf"):
            screen_indexes({}, tmp_path / "pip.conf")


def test_indexes_that_come_with_a_build(tmp_path):
    good = "https://ada:secret@a.example/simple\n  http://b.example"
    (tmp_path / "pip.conf").write_text(f"[global]\nextra-index-url = {good}\ntimeout = 9\n")
    screen_indexes({"PIP_INDEX_URL": good}, tmp_path / "pip.conf")


@given(st.text(max_size=60))
def test_any_line_is_taken_or_refused_and_never_a_file_elsewhere(tmp_path_factory, text):
    folder = tmp_path_factory.getbasetemp() / "any"
    folder.mkdir(exist_ok=True)
    (folder / "requirements.txt").write_text(text, encoding="utf-8", errors="replace")
    try:
        screen(folder)
    except RemoteBuildRefused:
        return
    for line in text.splitlines():
        assert not line.strip().startswith((".", "/", "~", "file:"))
