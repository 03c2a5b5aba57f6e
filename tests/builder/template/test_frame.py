"""The templates as faas-cli finds them: committed for it to pull, and exported with the runtime."""

import ast
import hashlib
import re

import pytest
import yaml

from wherry_build.image.runtime_wheel import runtime_wheel
from wherry_build.template import FOLDER, TEMPLATES, template_files
from wherry_build.template.frame import BUILD_OPTIONS, committed_files, plain_files

# What faas-cli 0.18 reads of a template.yml; it passes over any other key without a word.
KNOWN = {
    "language", "fprocess", "build_options", "welcome_message", "handler_folder", "mount_ssh",
}  # fmt: skip
LANGUAGES = [template.language for template in TEMPLATES]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.style)
def test_what_is_committed_follows_from_our_version(template):
    """The files in `templates/` are for faas-cli to pull; `make templates` writes them anew."""
    for path, text in committed_files(template).items():
        assert (FOLDER / template.language / path).read_text() == text, path


def test_every_committed_template_is_in_the_catalogue():
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_exported_template_is_what_faas_cli_needs(language):
    files = template_files(language)
    template = yaml.safe_load(files[f"{language}/template.yml"])
    assert set(template) <= KNOWN
    assert template["language"] == language
    assert template["handler_folder"] == "function"
    assert template["fprocess"] == "python3 -m wherry"
    wheel = runtime_wheel()
    assert files[f"{language}/wheels/{wheel.name}"] == wheel.content
    ast.parse(files[f"{language}/function/handler.py"])
    assert {f"{language}/{path}" for path in _copied(files[f"{language}/Dockerfile"])} <= set(files)
    assert b"FUNCTION_NAME" not in b"".join(files.values())


def _copied(dockerfile):
    """Files that a Dockerfile copies from the context by their own name."""
    found = []
    for line in dockerfile.decode().splitlines():
        words = line.split()
        if words[:1] == ["COPY"] and not words[1].startswith("--from"):
            found += [word for word in words[1:-1] if not word.endswith("/")]
    assert "function/requirements.txt" in found
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sums_are_of_every_file(language):
    files = template_files(language)
    sums = files.pop(f"{language}/SHA256SUMS").decode()
    assert re.fullmatch(r"([0-9a-f]{64}  \S+\n)+", sums), "the form that sha256sum -c takes"
    told = {f"{language}/{line[66:]}": line[:64] for line in sums.splitlines()}
    assert told == {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}


def test_build_options_are_what_faas_cli_makes_of_them():
    (options,) = {
        str(yaml.safe_load(template_files(language)[f"{language}/template.yml"])["build_options"])
        for language in LANGUAGES
    }
    expected = [{"name": each.name, "packages": list(each.packages)} for each in BUILD_OPTIONS]
    assert options == str(expected)
    assert {"dev", "libpq"} <= {each.name for each in BUILD_OPTIONS}
    packages = [package for each in BUILD_OPTIONS for package in each.packages]
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", package) for package in packages)


def test_what_stays_out_of_a_context():
    ignored = template_files()["python3-wherry/.dockerignore"].decode().split()
    # meta.json has a time in it; a COPY of it would be a new layer after every pull.
    assert {"meta.json", "template.yml", "**/.env", "**/.git", "**/__pycache__"} <= set(ignored)
    assert "**/test_*.py" not in ignored, "TEST_ENABLED needs the tests in the context"


def test_the_stub_of_faas_clis_own_language():
    files = plain_files()
    assert yaml.safe_load(files["dockerfile/template.yml"])["language"] == "dockerfile"
    assert b"EXPOSE 8080" in files["dockerfile/function/Dockerfile"]
