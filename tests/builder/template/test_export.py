"""Templates in a folder for faas-cli: the same bytes each time, and nobody's files written over."""

import hashlib
import shutil

import pytest

from wherry_build.errors import DestinationExists, TemplateNotFound, UnsafePath
from wherry_build.template import TEMPLATES, export, export_templates


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_all_templates_and_the_stub(tmp_path):
    done = export_templates(tmp_path / "new/deploy")
    root = tmp_path / "new/deploy/template"
    assert list(done.folders) == sorted(root.iterdir())
    assert {path.name for path in done.folders} == {
        "dockerfile",
        *(template.language for template in TEMPLATES),
    }
    assert len(done.written) == len(contents(root))
    for folder in done.folders:
        for line in (folder / "SHA256SUMS").read_text().splitlines():
            digest, name = line.split("  ", 1)  # as sha256sum has it
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("name", ["events", "python3-wherry-events"])
def test_one_by_either_name(tmp_path, name):
    done = export_templates(tmp_path, [name])
    assert [path.name for path in done.folders] == ["dockerfile", "python3-wherry-events"]


def test_an_unknown_one_is_told_and_nothing_is_written(tmp_path):
    with pytest.raises(TemplateNotFound, match="'go'") as caught:
        export_templates(tmp_path, ["events", "go"])
    assert "python3-wherry-async" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_twice_is_the_same_bytes_and_no_change(tmp_path):
    export_templates(tmp_path / "a", ["http"])
    export_templates(tmp_path / "b", ["http"])
    first = contents(tmp_path / "a")
    assert first == contents(tmp_path / "b")
    again = export_templates(tmp_path / "a", ["http"])
    assert (again.written, again.removed, again.unchanged) == ((), (), len(first))


@pytest.fixture
def exported(tmp_path):
    export_templates(tmp_path, ["http"])
    return tmp_path


def test_what_was_edited_is_not_written_over_without_force(exported):
    edited = exported / "template/python3-wherry/Dockerfile"
    edited.write_text("FROM mine\n")
    (exported / "template/python3-wherry/template.yml").unlink()
    with pytest.raises(DestinationExists, match="Dockerfile") as caught:
        export_templates(exported, ["http"])
    assert "--force" in caught.value.hint
    assert edited.read_text() == "FROM mine\n"
    assert not (exported / "template/python3-wherry/template.yml").exists(), "all or nothing"
    done = export_templates(exported, ["http"], force=True)
    assert set(done.written) == {edited, exported / "template/python3-wherry/template.yml"}
    assert "FROM mine" not in edited.read_text()


def test_another_template_of_that_name_is_not_written_over(tmp_path):
    there = tmp_path / "template/dockerfile/template.yml"
    there.parent.mkdir(parents=True)
    there.write_text("language: dockerfile\nfprocess: env\n")
    with pytest.raises(DestinationExists, match=r"dockerfile/template\.yml"):
        export_templates(tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["template.yml"]


def test_other_files_and_templates_are_left_alone(exported):
    for name in ("node22/template.yml", "python3-wherry/meta.json"):
        file = exported / "template" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("theirs")
    done = export_templates(exported)
    assert done.removed == ()
    assert (exported / "template/node22/template.yml").read_text() == "theirs"
    assert (exported / "template/python3-wherry/meta.json").read_text() == "theirs"


def test_the_files_of_an_older_version_are_brought_up_to_date(exported, monkeypatch):
    """Two wheels of the runtime in one template would leave pip to choose."""
    folder = exported / "template/python3-wherry"
    wheel = next(folder.glob("wheels/*.whl"))
    newer = {path: content + b"\n# newer\n" for path, content in contents(folder).items()}
    newer["wheels/wherry-9.9-py3-none-any.whl"] = newer.pop(f"wheels/{wheel.name}")
    newer["SHA256SUMS"] = "".join(
        f"{hashlib.sha256(content).hexdigest()}  {path}\n"
        for path, content in newer.items()
        if path != "SHA256SUMS"
    ).encode()
    monkeypatch.setattr(
        export,
        "template_files",
        lambda name, **_: {f"{name}/{path}": content for path, content in newer.items()},
    )
    done = export_templates(exported, ["http"])
    assert done.removed == (wheel,)
    assert contents(folder) == newer


@pytest.mark.parametrize("link", ["template", "template/python3-wherry", "template/dockerfile/x"])
def test_nothing_is_written_through_a_link(tmp_path, link):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    root = tmp_path / "root"
    way = root / link.replace("/x", "/template.yml")
    way.parent.mkdir(parents=True)
    way.symlink_to(elsewhere)
    with pytest.raises(UnsafePath, match="is a link"):
        export_templates(root)
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("name", ["../../victim", "/etc/victim", "a/../../../victim"])
def test_a_forged_list_reaches_no_file_outside(exported, name):
    victim = exported / "victim"
    victim.write_text("theirs")
    sums = exported / "template/python3-wherry/SHA256SUMS"
    digest = hashlib.sha256(b"theirs").hexdigest()
    with sums.open("a") as file:
        file.write(f"{digest}  {name}\n")
    export_templates(exported, ["http"], force=True)
    assert victim.read_text() == "theirs"


def test_a_list_that_is_no_text_is_nobodys(exported):
    sums = exported / "template/python3-wherry/SHA256SUMS"
    sums.write_bytes(b"\xff\x00")
    with pytest.raises(DestinationExists):
        export_templates(exported, ["http"])


def test_an_export_survives_a_copy(exported, tmp_path):
    """faas-cli copies templates into contexts, and people copy folders: hashes are all there is."""
    copy = tmp_path / "copy"
    shutil.copytree(exported / "template", copy / "template")
    assert export_templates(copy, ["http"]).written == ()
