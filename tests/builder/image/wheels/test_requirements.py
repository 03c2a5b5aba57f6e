"""What a folder asks for, and pip's file format as far as it is taken apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_build.errors import RequirementsInvalid
from wherry_build.image.wheels.requirements import Line, Source, logical_lines, read_requirements

HASH = "a" * 64


@pytest.fixture
def read(tmp_path):
    def read(**files):
        for name, text in files.items():
            file = tmp_path / name.replace("__", "/").replace("_", ".", 1)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return read_requirements(tmp_path)

    return read


def test_a_folder_without_any_asks_for_nothing(read):
    assert read().source is Source.NOTHING


def test_a_lock_counts_before_what_it_was_made_of(read):
    assert read(pyproject_toml="").source is Source.PROJECT
    assert read(requirements_txt="").source is Source.TEXT
    assert read(uv_lock="").source is Source.UV_LOCK
    assert read(pylock_toml="").source is Source.PYLOCK


def test_what_is_included_is_read_too(read):
    found = read(
        requirements_txt="-r more.txt\n--constraint held.txt\nflask>=3 # web\n",
        more_txt="click ; sys_platform == 'linux'\n",
        held_txt="werkzeug<4\n",
    )
    assert [(line.text, line.is_constraint) for line in found.lines] == [
        ("click ; sys_platform == 'linux'", False),
        ("werkzeug<4", True),
        ("flask>=3", False),
    ]
    assert len(found.contents) == 3


def test_lines_that_go_on_are_one():
    text = (
        f"\ufefforjson==3.1 \\\n    --hash=sha256:{HASH} \\\r\n    --hash sha256:{'B' * 64}\n#c\n"
    )
    (line,) = [Line(text) for text in logical_lines(text)]
    assert line.requirement == "orjson==3.1"
    assert line.hashes == (HASH, "B" * 64)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("# c \\\nsix", ["six"]),
        ("flask # c \\\r\nsix", ["flask", "six"]),
        ("flask \\\n# c\nsix", ["flask", "six"]),
        ("flask \\\n  >=3", ["flask   >=3"]),
        ("a#b\\\nc", ["a#bc"]),
        ("flask\\", ["flask"]),
    ],
)
def test_a_comment_ends_with_its_line(text, lines):
    assert list(logical_lines(text)) == lines


@pytest.mark.parametrize("name", ["pyproject.toml", "uv.lock", "pylock.toml", "requirements.txt"])
def test_strangers_ask_for_no_variable_in_any_file(tmp_path, name):
    (tmp_path / name).write_text("https://i.test/$\\\n{TOKEN}\n" if "txt" in name else "#${TOKEN}")
    read_requirements(tmp_path)
    with pytest.raises(RequirementsInvalid, match="variable"):
        read_requirements(tmp_path, is_foreign=True)


def test_a_file_is_a_lock_when_every_requirement_has_a_hash(read):
    hashed = f"a==1 --hash=sha256:{HASH}\n"
    assert read(requirements_txt=f"--index-url https://i.test\n{hashed}").is_hashed
    assert not read(requirements_txt=f"{hashed}b==2\n").is_hashed
    assert not read(requirements_txt="--no-index\n").is_hashed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("-r requirements.txt\n", "includes itself"),
        ("-r absent.txt\n", "No such file"),
        ("-r https://user:pass@host/r.txt\n", "expected a file"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(read, text, said):
    with pytest.raises(RequirementsInvalid, match=said) as caught:
        read(requirements_txt=text)
    assert "pass" not in caught.value.message


def test_no_utf_8_is_told_with_its_byte(tmp_path):
    (tmp_path / "requirements.txt").write_bytes(b"fl\xe9\n")
    with pytest.raises(RequirementsInvalid, match="byte 2"):
        read_requirements(tmp_path)


@given(st.text(max_size=200))
def test_any_text_is_taken_apart(text):
    for line in logical_lines(text):
        assert line
        assert line == line.strip()
        assert Line(line).requirement == Line(line).requirement.strip()
