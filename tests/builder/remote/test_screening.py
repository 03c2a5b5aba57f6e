"""A stranger's requirements name packages and wheels, and nothing on the builder's machine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_build.errors import RemoteBuildRefused
from wherry_build.remote.screening import screen


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
            (folder / file.replace("__", "/").replace("_txt", ".txt")).write_text(content)
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
]


@pytest.mark.parametrize("text", BAD)
def test_what_they_may_not_name(judged, text):
    with pytest.raises(RemoteBuildRefused, match=r"requirements\.txt") as refused:
        judged(f"flask\n{text}\n")
    assert "canary" not in refused.value.message


def test_files_of_the_function_may_be_included(judged):
    judged("-r more.txt\n-c held.txt", more_txt="flask\n", held_txt="flask<4\n")
    with pytest.raises(RemoteBuildRefused, match=r"more\.txt"):
        judged("-r more.txt", more_txt="-r ../secret.txt\n")
    judged("-r more.txt", more_txt="-r requirements.txt\n")  # whoever resolves refuses a circle


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
        ("pyproject.toml", '[tool.pytest.ini_options]\npythonpath=["src"]'),
    ],
)  # fmt: skip
def test_locks_and_project_files_as_they_are(judged, name, text):
    judged(text, name=name)


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
