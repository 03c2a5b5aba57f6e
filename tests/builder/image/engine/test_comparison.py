"""Why a layer changed, told from two builds."""

import pytest

from wherry_build.image.comparison import LayerChange, differences


@pytest.fixture
def compared(make_image):
    """Compare two builds: `compared({"code": {...}}, {"code": {...}})`."""

    def compared(before, after, *, bases=(b"base", b"base")):
        old = make_image(before, base=bases[0]).images[0]
        new = make_image(after, base=bases[1]).images[0]
        return {each.purpose: (each.change.value, each.reason) for each in differences(old, new)}

    return compared


def test_the_first_build(make_image):
    found = differences(None, make_image({"runtime": {}, "code": {}}).images[0])
    assert [each.purpose for each in found] == ["base", "runtime", "code"]
    assert {each.change for each in found} == {LayerChange.NEW}


def test_nothing_changed(compared):
    layers = {"wheels: a 1, b 2": {"x": b"1"}, "code": {"y": b"2"}}
    assert set(compared(layers, layers).values()) == {("same", "")}


def test_files_of_the_code(compared):
    was = {"f/a.py": b"1", "f/b.py": b"1", "f/__pycache__/a.cpython-312.pyc": b"1"}
    now = {"f/a.py": b"2", "f/c.py": b"1", "f/__pycache__/a.cpython-312.pyc": b"2"}
    assert compared({"code": was}, {"code": now})["code"] == (
        "changed",
        "added f/c.py; removed f/b.py; edited f/a.py",
    )


def test_bytecode_alone_is_named(compared):
    found = compared({"code": {"a.pyc": b"1"}}, {"code": {"a.pyc": b"2"}})
    assert found["code"] == ("changed", "edited a.pyc")


def test_many_files_are_counted(compared):
    now = {f"f{number}": b"" for number in range(8)}
    assert compared({"code": {}}, {"code": now})["code"][1] == "added f0, f1, f2, f3, f4 and 3 more"


def test_another_version_of_a_wheel(compared):
    found = compared({"wheel: numpy 2.1": {"n": b"1"}}, {"wheel: numpy 2.2": {"n": b"2"}})
    assert found["wheel: numpy 2.2"] == ("changed", "it was 'wheel: numpy 2.1'")


def test_a_layer_that_came_and_one_that_went(compared):
    found = compared({"wheel: numpy 2.1": {"n": b"1"}}, {"wheel: scipy 1.1": {"n": b"2"}})
    assert found["wheel: scipy 1.1"][0] == "new"
    assert found["wheel: numpy 2.1"][0] == "gone"


def test_another_base(compared):
    found = compared({"code": {}}, {"code": {}}, bases=(b"one", b"two"))
    assert found["base"] == ("changed", "another base image: 0 of its 1 layers are the same")
    assert found["code"] == ("same", "")


def test_what_is_no_more_in_the_cache(make_image):
    old = make_image({"code": {"a": b"1"}}).images[0]
    new = make_image({"code": {"a": b"2"}}).images[0]
    old.layers[0].content.file.unlink()
    assert "not in the cache any more" in differences(old, new)[1].reason
