"""Which functions an edit renews, and which edits are none."""

import asyncio
from types import SimpleNamespace

from wherry_local.deployment import FunctionKey
from wherry_local.fleet.watching import Watching

from .stage import eventually


class FleetRecorder:
    """Functions with folders; `renewed` is what was asked for."""

    def __init__(self, **folders):
        self.folders = folders
        self.renewed = []
        self.observers = []

    def observe(self, observer):
        self.observers.append(observer)

    def keys(self):
        return [FunctionKey(name) for name in self.folders]

    def find(self, key):
        folder = self.folders[key.name]
        return SimpleNamespace(deployment=SimpleNamespace(key=key, folder=folder))

    async def renew(self, key, changed=()):
        self.renewed.append((key.name, sorted(path.name for path in changed)))

    def add(self, name, folder):
        self.folders[name] = folder
        for observer in self.observers:
            observer(None)


def watch(fleet, scene, **options):
    async def run():
        told = []
        watching = Watching(fleet, told.append, **options)
        watching.start()
        await asyncio.sleep(0)  # it watches from its first step on
        try:
            await scene()
        finally:
            await watching.stop()
        fleet.add("late", None)
        assert not watching._watches
        return told

    return asyncio.run(run())


def folder(root, name):
    made = root / name
    made.mkdir()
    return made


def test_an_edit_renews_the_function_that_it_is_in_and_no_other(tmp_path):
    fleet = FleetRecorder(a=folder(tmp_path, "a"), b=folder(tmp_path, "b"), none=None)

    async def scene():
        (tmp_path / "a" / "x.log").write_text("no source")
        (tmp_path / "a" / ".wherry").mkdir()
        (tmp_path / "a" / ".wherry" / "x.json").write_text("{}")
        (tmp_path / "b" / "handler.py").write_text("x")
        await eventually(lambda: fleet.renewed)

    assert watch(fleet, scene) == []
    assert fleet.renewed == [("b", ["handler.py"])]


def test_a_function_that_comes_is_watched_and_no_edit_of_others_is_missed(tmp_path):
    fleet = FleetRecorder(a=folder(tmp_path, "a"))

    async def scene():
        for number in range(10):
            fleet.add(f"f{number}", folder(tmp_path, f"f{number}"))
            await asyncio.sleep(0)
            fleet.renewed.clear()
            (tmp_path / "a" / f"{number}.py").write_text("x")
            (tmp_path / f"f{number}" / "y.py").write_text("y")
            wanted = {("a", f"{number}.py"), (f"f{number}", "y.py")}
            await eventually(
                lambda wanted=wanted: (
                    wanted <= {(name, file) for name, files in fleet.renewed for file in files}
                )
            )

    assert watch(fleet, scene) == []


def test_a_function_behind_a_link_is_watched_where_it_is(tmp_path):
    real = folder(tmp_path, "real")
    (tmp_path / "link").symlink_to(real)
    fleet = FleetRecorder(a=tmp_path / "link")

    async def scene():
        (real / "handler.py").write_text("x")
        await eventually(lambda: fleet.renewed)

    watch(fleet, scene)
    assert fleet.renewed == [("a", ["handler.py"])]


def test_a_folder_that_comes_back_is_watched_again(tmp_path):
    fleet = FleetRecorder(a=folder(tmp_path, "a"))

    async def scene():
        for number in range(3):
            (tmp_path / "a").rename(tmp_path / f"before-{number}")
            folder(tmp_path, "a")
            fleet.renewed.clear()
            (tmp_path / "a" / f"{number}.py").write_text("x")
            await eventually(lambda number=number: ("a", [f"{number}.py"]) in fleet.renewed)

    assert watch(fleet, scene, folders=[tmp_path]) == []


def test_a_folder_that_is_moved_to_its_place_is_all_new(tmp_path):
    watched = folder(tmp_path, "watched")
    fleet = FleetRecorder(a=watched / "a")
    made = folder(folder(tmp_path, "elsewhere"), "a")
    for name in ("handler.py", "notes.log"):
        (made / name).write_text("x")
    folder(made, "__pycache__").joinpath("x.json").write_text("{}")

    async def scene():
        made.rename(watched / "a")
        await eventually(lambda: fleet.renewed)

    assert watch(fleet, scene, folders=[watched]) == []
    assert fleet.renewed == [("a", ["handler.py"])]


def test_whoever_reads_the_project_is_told_of_each_edit_and_may_fail(tmp_path):
    fleet = FleetRecorder(a=folder(tmp_path, "a"))
    edited = []

    async def read():
        edited.append(len(edited))
        if len(edited) == 1:
            raise ValueError("no project")

    async def scene():
        (tmp_path / "wherry.yaml").write_text("x: 1")
        await eventually(lambda: edited)
        (tmp_path / "wherry.yaml").write_text("x: 2")
        await eventually(lambda: len(edited) > 1)

    assert watch(fleet, scene, folders=[tmp_path], edited=read) == [
        "an edit is not served: ValueError: no project"
    ]
    assert fleet.renewed == []
