"""The benchmark of rendering and linting runs, small, and says what it measured."""

import json

from benchmarks.manifests.__main__ import main

WHOLE = "wherry render, knative istio"


def test_a_small_run_says_every_step(tmp_path, capsys):
    file = tmp_path / "run.json"
    assert main(["--functions", "3", "--rounds", "2", "--json", str(file)]) == 0
    run = json.loads(file.read_text())
    assert run["circumstances"]["functions"] == "3"
    steps = run["steps"]
    for step in (
        "read wherry.yaml",
        "render knative istio",
        "render kubernetes istio",
        "lint",
        WHOLE,
    ):
        assert len(steps[step]["seconds"]) == 2
        assert steps[step]["objects"] >= 3
    assert "lint" in capsys.readouterr().out
    rendered = sum(each["objects"] for step, each in steps.items() if step.startswith("render"))
    assert steps["lint"]["objects"] >= rendered > 3  # a kustomization in each folder as well
