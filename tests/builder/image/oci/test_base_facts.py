"""What is known of a base: from its labels, its variables, else from what its layers hold."""

import pytest
from tests.builder.image.oci.conftest import GLIBC, MUSL

from wherry_build.errors import BaseUnusable
from wherry_build.image.oci.base_facts import base_facts

DEBIAN = {
    "bin": "usr/bin",
    "lib": "usr/lib",
    "opt": None,
    "srv": None,
    "usr/lib/x86_64-linux-gnu/libc.so.6": GLIBC,
}
PYTHON = {"usr/bin/python3": "python3.11", "usr/bin/python3.11": b"ELF"}


@pytest.fixture
def facts(tmp_path, progress):
    return lambda base: base_facts(base, progress, tmp_path / "facts")


def said(found):
    return (found.python, found.libc, found.libc_version)


def test_an_official_image_names_its_python(make_base, facts):
    base = make_base(DEBIAN, {"usr/local/bin/python3": "x"}, env=["PYTHON_VERSION=3.12.4"])
    found = facts(base)
    assert said(found) == ((3, 12), "glibc", (2, 36))
    assert found.python_full_version == "3.12.4"
    assert found.missing_folders == set()


def test_labels_say_it_outright_and_no_layer_is_opened(make_base, facts, progress):
    labels = {"io.wherry.base.python": "3.13", "io.wherry.base.libc": "musl 1.2"}
    found = facts(make_base(b"no tar at all", labels=labels))
    assert said(found) == ((3, 13), "musl", (1, 2))
    assert found.python_full_version == ""
    assert progress.steps == []
    assert found.missing_folders == {"opt", "srv"}, "nobody looked"


def test_a_python_of_the_distribution(make_base, facts):
    found = facts(make_base({**DEBIAN, **PYTHON}))
    assert said(found) == ((3, 11), "glibc", (2, 36))


def test_facts_are_looked_for_once(make_base, facts, progress, tmp_path):
    base = make_base({**DEBIAN, **PYTHON})
    assert facts(base) == facts(base)
    assert len(progress.steps) == 1
    (file,) = (tmp_path / "facts").iterdir()
    assert file.stat().st_mode & 0o077 == 0, "they tell of private bases"


@pytest.mark.parametrize("broken", [b"", b"{}", b"[]", b'{"version": 1}', b"\xff"])
def test_facts_that_cannot_be_read_are_looked_for_again(make_base, facts, tmp_path, broken):
    base = make_base({**DEBIAN, **PYTHON})
    first = facts(base)
    (file,) = (tmp_path / "facts").iterdir()
    file.write_bytes(broken)
    assert facts(base) == first


def test_only_the_layer_with_the_distribution_is_read_when_python_is_named(make_base, facts):
    base = make_base(DEBIAN, b"no tar at all", env=["PYTHON_VERSION=3.12.4"])
    assert said(facts(base)) == ((3, 12), "glibc", (2, 36))


def test_alpine(make_base, facts):
    alpine = {"lib/ld-musl-x86_64.so.1": MUSL, "lib/libc.musl-x86_64.so.1": "ld-musl-x86_64.so.1"}
    found = facts(make_base(alpine, env=["PYTHON_VERSION=3.12.4"]))
    assert said(found) == ((3, 12), "musl", (1, 2))
    assert found.missing_folders == {"opt", "srv"}


def test_a_glibc_of_old_is_named_by_its_file(make_base, facts):
    base = make_base(
        {
            "lib/x86_64-linux-gnu/libc.so.6": "libc-2.31.so",
            "lib/x86_64-linux-gnu/libc-2.31.so": b"",
        },
        env=["PYTHON_VERSION=3.10.1"],
    )
    assert said(facts(base)) == ((3, 10), "glibc", (2, 31))


def test_debian_with_the_tools_of_musl_is_debian(make_base, facts):
    base = make_base({"lib/ld-musl-x86_64.so.1": MUSL, **DEBIAN}, env=["PYTHON_VERSION=3.12.1"])
    assert facts(base).libc == "glibc"


@pytest.mark.parametrize(
    ("layers", "path", "python"),
    [
        # The first on PATH.
        ([{"usr/local/bin/python3": "python3.12", "usr/local/bin/python3.12": b"", **PYTHON}],
         "/usr/local/bin:/usr/bin", (3, 12)),
        ([{"usr/local/bin/python3": "python3.12", "usr/local/bin/python3.12": b"", **PYTHON}],
         "/usr/bin:/usr/local/bin", (3, 11)),
        # By alternatives, absolute.
        ([{"usr/bin/python3": "/etc/alternatives/python3",
           "etc/alternatives/python3": "/usr/bin/python3.10", "usr/bin/python3.10": b""}],
         "/usr/bin", (3, 10)),
        # In a folder that is a link.
        ([PYTHON], "/bin", (3, 11)),
        # A higher layer puts another in its place, or takes it away.
        ([PYTHON, {"usr/bin/python3": "python3.12", "usr/bin/python3.12": b""}],
         "/usr/bin", (3, 12)),
        ([PYTHON, {"usr/bin/.wh.python3": b"", "opt/py/bin/python3": "python3.13",
                   "opt/py/bin/python3.13": b""}], "/usr/bin:/opt/py/bin", (3, 13)),
        # Not a link: what its library is called tells.
        ([{"usr/local/bin/python3": b"", "usr/local/lib/python3.12/os.py": b""}],
         "/usr/local/bin", (3, 12)),
        # No PATH of its own.
        ([PYTHON], "", (3, 11)),
    ],
)  # fmt: skip
def test_which_python_a_shell_would_find(make_base, facts, layers, path, python):
    base = make_base(DEBIAN, *layers, env=[f"PATH={path}"] if path else [])
    assert facts(base).python == python


@pytest.mark.parametrize(
    "layer",
    [
        {},
        {"usr/bin/python3": "python3.11"},  # leads nowhere
        {"usr/bin/python3": "python3"},  # and nowhere else
        {"usr/bin/python3": b""},  # and of what version?
        {"usr/bin/python2": b""},
        {"home/python3": b""},
    ],
)
def test_a_base_without_python_is_told(make_base, facts, layer):
    with pytest.raises(BaseUnusable, match="no python3 was found") as caught:
        facts(make_base({**DEBIAN, **layer}))
    assert "io.wherry.base.python=3.12" in caught.value.hint


def test_a_base_without_a_c_library_is_told(make_base, facts):
    with pytest.raises(BaseUnusable, match="C library was not found") as caught:
        facts(make_base(PYTHON, {"usr/lib/libc.so.6": b"of nobody knows what"}))
    assert "io.wherry.base.libc=" in caught.value.hint


def test_a_python_that_is_too_old_is_told(make_base, facts):
    with pytest.raises(BaseUnusable, match=r"got Python 3\.9, expected 3\.10 or newer"):
        facts(make_base(DEBIAN, env=["PYTHON_VERSION=3.9.19"]))


def test_a_layer_that_is_no_tar_is_told(make_base, facts):
    with pytest.raises(BaseUnusable, match="layer 1 of 1 is no tar"):
        facts(make_base(b"x" * 2000))


def test_a_layer_packed_by_zstd_is_told(make_base, facts):
    zstd = "application/vnd.oci.image.layer.v1.tar+zstd"
    with pytest.raises(BaseUnusable, match="zstd"):
        facts(make_base({}, layer_media_type=zstd))


def test_a_plain_tar_is_read_too(make_base, facts):
    plain = "application/vnd.oci.image.layer.v1.tar"
    found = facts(make_base({**DEBIAN, **PYTHON}, layer_media_type=plain))
    assert said(found) == ((3, 11), "glibc", (2, 36))


def test_a_bomb_is_not_read_to_its_end(make_base, facts, monkeypatch):
    from wherry_build.image.oci import root_filesystem

    monkeypatch.setattr(root_filesystem, "_LIMIT_LAYER_BYTES", 100_000)
    with pytest.raises(BaseUnusable, match="no tar that can be read"):
        facts(make_base({"zeros": bytes(5_000_000)}))
