"""The text of a Dockerfile: what the image is, and what never gets into it."""

import json

import pytest

from wherry_build.errors import InvalidName
from wherry_build.image.conventions import ENTRYPOINT, ENVIRONMENT
from wherry_build.image.dockerfile import Recipe, dockerfile


def instructions(text):
    joined = text.replace("\\\n", "")
    return [line.split(None, 1) for line in joined.splitlines() if line and line[0] != "#"]


def stages(text):
    made = []
    for name, value in instructions(text):
        if name == "FROM":
            made.append([])
        if made:
            made[-1].append((name, value))
    return made


@pytest.mark.parametrize("packages", [(), ("libpq5",)])
def test_what_the_final_image_is(packages):
    final = stages(dockerfile(Recipe(runtime="wheels/w.whl", packages=packages)))[-1]
    said = {name: value for name, value in final if name.isupper()}
    assert said["USER"] == "65532:65532"
    assert tuple(json.loads(said["ENTRYPOINT"])) == ENTRYPOINT
    assert said["STOPSIGNAL"] == "SIGTERM"
    assert said["EXPOSE"] == "8080"
    check = json.loads(said["HEALTHCHECK"].partition("CMD ")[2])
    assert check[0] == "python3"
    compile(check[-1], "healthcheck", "exec")
    assert not any(name in {"RUN", "ADD"} for name, _ in final), "no shell in the final stage"
    copies = [value for name, value in final if name == "COPY"]
    assert all(value.startswith("--from=build ") for value in copies)
    assert final[-1] == ("COPY", "--from=build /srv/function /srv/function"), "edits are last"
    variables = next(value for name, value in final if name == "ENV").split()
    assert variables == [f"{name}={value}" for name, value in ENVIRONMENT.items()]


def test_what_builds_is_root_whatever_the_base_says():
    (build, final) = stages(dockerfile(Recipe(runtime="w")))
    assert build[1] == ("USER", "0:0")
    assert ("USER", "0:0") not in final


def test_packages_are_one_layer_below_both_stages():
    text = dockerfile(Recipe(runtime="w", packages=("libpq5=15.8-0", "ca-certificates")))
    first, build, final = stages(text)
    assert (first[0], build[0], final[0]) == (
        ("FROM", "${BASE} AS base"),
        ("FROM", "base AS build"),
        ("FROM", "base"),
    )
    (run,) = [value for name, value in first if name == "RUN"]
    assert "apt-get install -y --no-install-recommends" in run
    assert "libpq5=15.8-0 ca-certificates" in run
    assert "rm -rf /var/lib/apt/lists/*" in run
    assert ("USER", "0:0") in first


def test_the_classic_builder_is_given_no_mounts():
    text = dockerfile(Recipe(runtime="w", secrets=("pip.conf",)))
    assert "--mount" not in text
    assert "--no-cache-dir" in text


@pytest.mark.parametrize(
    ("secret", "variable"), [("ca.pem", "PIP_CERT"), ("netrc", "NETRC"), ("other", None)]
)
def test_pip_is_told_of_secrets_that_are_for_it(secret, variable):
    text = dockerfile(Recipe(runtime="w", secrets=(secret,), has_mounts=True))
    assert f"--mount=type=secret,id={secret} " in text
    assert "--mount=type=cache,target=/root/.cache/pip" in text
    assert "--no-cache-dir" not in text
    if variable:
        assert f"{variable}=/run/secrets/{secret} python3 -m pip" in text
    assert "ENV NETRC" not in text


def test_labels_are_quoted():
    text = dockerfile(Recipe(runtime="x", labels=(("a", 'b" c\nRUN evil'),)))
    assert not any(name == "RUN" and "evil" in value for name, value in instructions(text))


@pytest.mark.parametrize(
    "recipe",
    [{"packages": ("a b",)}, {"packages": ("-o",)}, {"secrets": ("a,b",)}, {"arguments": ("A=B",)}],
)
def test_names_are_checked(recipe):
    with pytest.raises(InvalidName):
        dockerfile(Recipe(runtime="x", has_mounts=True, **recipe))
