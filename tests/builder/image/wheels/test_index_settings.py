"""What pip and uv were told is taken over, and no password goes further than it must."""

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry_build.errors import RequirementsInvalid
from wherry_build.image.engine import WheelSources
from wherry_build.image.wheels.index_settings import PYPI, IndexSettings, read_index_settings


def read(environ=None, *, options=(), sources=None):
    environ = {"PIP_CONFIG_FILE": "/dev/null", **(environ or {})}
    return read_index_settings(sources or WheelSources(), options, environ)


def test_without_a_word_it_is_the_public_index():
    assert read().index == PYPI
    assert read().has_index


@pytest.mark.parametrize(
    "name", ["PIP_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX"]
)  # fmt: skip
def test_either_tool_names_the_index(name):
    assert read({name: "https://i.test/simple"}).index == "https://i.test/simple"


def test_further_indexes_of_both_tools_are_asked_too():
    settings = read(
        {
            "PIP_EXTRA_INDEX_URL": "https://a.test https://b.test",
            "UV_INDEX": "inner=https://c.test/simple",
            "UV_INDEX_INNER_USERNAME": "me",
            "UV_INDEX_INNER_PASSWORD": "s3/cret",
            "UV_EXTRA_INDEX_URL": "https://a.test",
        }
    )
    assert settings.extra == (
        "https://me:s3%2Fcret@c.test/simple", "https://a.test", "https://b.test",
    )  # fmt: skip
    assert settings.credentials("https://c.test/files/x.whl") == ("me", "s3/cret")


@pytest.mark.parametrize(
    ("variables", "options"),
    [
        ({"PIP_INDEX_URL": "corp=http://evil.test"}, ()),
        ({"PIP_EXTRA_INDEX_URL": "corp=http://evil.test"}, ()),
        ({}, ("--index-url corp=http://evil.test",)),
        ({}, ("--extra-index-url corp=http://evil.test",)),
    ],
)
def test_only_variables_of_uv_name_the_index_that_a_password_is_for(variables, options):
    ours = {"UV_INDEX_CORP_USERNAME": "house", "UV_INDEX_CORP_PASSWORD": "s3cret"}
    settings = read({**ours, **variables}, options=options)
    assert not any("s3cret" in url for url in settings.urls)


def test_passwords_by_name_are_not_in_the_environment_of_strangers_requirements():
    environ = {
        "UV_INDEX": "corp=https://corp.test/simple",
        "UV_INDEX_CORP_USERNAME": "house",
        "UV_INDEX_CORP_PASSWORD": "s3cret",
    }
    strangers = read(environ, sources=WheelSources(builds=False)).environment(environ)
    assert strangers["UV_INDEX"] == "https://house:s3cret@corp.test/simple"
    assert strangers["UV_NO_CONFIG"] == "1"
    assert not [name for name in strangers if name.startswith("UV_INDEX_")]
    assert read(environ).environment(environ).items() >= environ.items()


def test_the_options_of_a_requirements_file_count():
    settings = read(
        {"TOKEN": "t0ken"},
        options=("--index-url https://u:${TOKEN}@i.test/simple", "-f https://l.test", "--no-index"),
    )
    assert settings.credentials("https://i.test/f/x.whl") == ("u", "t0ken")
    assert settings.find_links == ("https://l.test",)
    assert not settings.has_index
    assert not settings.is_offline


def test_a_folder_of_wheels_comes_first_and_offline_closes_the_rest(tmp_path):
    sources = WheelSources(folder=tmp_path, is_offline=True)
    settings = read({"PIP_FIND_LINKS": "/opt/wheels"}, sources=sources)
    assert settings.find_links == (str(tmp_path), "/opt/wheels")
    assert settings.is_offline
    assert settings.environment({})["PIP_NO_INDEX"] == "1"


def test_a_folder_with_blanks_and_commas_is_one_folder(tmp_path):
    folder = tmp_path / "my wheels, all"
    environment = read(sources=WheelSources(folder=folder)).environment({})
    assert environment["PIP_FIND_LINKS"] == folder.as_uri()
    assert not set(environment["UV_FIND_LINKS"]) & {" ", ","}


def test_pips_files_are_read_and_variables_win(tmp_path):
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = https://file.test/simple\ncert = /etc/ca.pem\n"
        "[install]\nextra-index-url =\n  https://a.test\n  https://b.test\n"
    )
    environ = {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf"), "HOME": str(tmp_path)}
    settings = read(environ)
    assert settings.index == "https://file.test/simple"
    assert settings.certificates == "/etc/ca.pem"
    assert settings.extra == ("https://a.test", "https://b.test")
    assert read({**environ, "PIP_INDEX_URL": "https://v.test"}).index == "https://v.test"


def test_a_file_that_is_none_of_pips_is_told(tmp_path):
    (tmp_path / "pip.conf").write_text("index-url = https://user:s3cret@host/simple\n")
    with pytest.raises(RequirementsInvalid, match=r"pip\.conf") as caught:
        read({"PIP_CONFIG_FILE": str(tmp_path / "pip.conf")})
    assert "s3cret" not in str(caught.value)


@given(st.text("abcXYZ019-._~!$&'()*+,;=%/@:", min_size=6, max_size=20))
def test_a_password_is_in_nothing_that_is_shown_or_kept(password):
    secret = f"Zq{password}"
    url = f"https://user:{quote(secret, safe='')}@i.test/simple"
    settings = read({"PIP_INDEX_URL": url, "PIP_EXTRA_INDEX_URL": url})
    shown = [
        repr(settings),
        json.dumps(settings.public()),
        settings.redacted(f"401 for {url} with {secret}"),
    ]
    for text in shown:
        assert secret not in text
        assert quote(secret, safe="") not in text


def test_credentials_are_for_their_origin_alone():
    settings = IndexSettings(index="https://user:pass@i.test/simple")
    assert settings.credentials("https://i.test:443/x.whl") == ("user", "pass")
    for other in ("http://i.test/x.whl", "https://i.test:8443/x.whl", "https://i.test.evil/x.whl"):
        assert settings.credentials(other) is None


def test_new_wheels_in_a_folder_are_new_input(tmp_path):
    sources = WheelSources(folder=tmp_path)
    before = read(sources=sources).public()
    (tmp_path / "hello-1.0-py3-none-any.whl").write_bytes(b"x")
    assert read(sources=sources).public() != before
