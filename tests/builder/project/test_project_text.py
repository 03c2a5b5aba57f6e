"""What a wherry.yaml says, its environments, and every fault with its place."""

import re

import pytest

from wherry_build.errors import ProjectFileInvalid
from wherry_build.project.reading.project_text import read_project_text
from wherry_build.project.specification.amounts import Duration


def read(text, environment=""):
    return read_project_text(text.encode(), path="f", environment=environment).specification


def faults(text, environment=""):
    with pytest.raises(ProjectFileInvalid) as caught:
        read(text, environment)
    assert caught.value.exit_code == 2
    lines = caught.value.message.splitlines()
    return lines if len(lines) == 1 else [line.strip() for line in lines[1:]]


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "{}\n"])
def test_an_empty_file_says_nothing(text):
    assert read(text).functions == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tigger: {}", "unknown key 'tigger' at f:1:1, did you mean 'triggers'?"),
        ("- a", "f at f:1:1: got a list, expected a map"),
        ("functions: [a]", "functions at f:1:12: got a list, expected a map"),
        (
            "functions:\n  a:\n",
            "a at f:2:3: got nothing, expected a map; write {} for one that says nothing",
        ),
        ("functions: {A: {}}", "name in functions at f:1:13: got 'A', expected lower-case letters"),
        ("functions: {a: {timeout: 30}}", "got 30, a whole number, expected a duration such as"),
        (
            "functions: {a: {timeout: 1500ms}}",
            "got '1500ms', expected a duration such as `30s`, whole",
        ),
        ("functions: {a: {timeout: 11m}}", "got '11m', expected a duration"),
        ("functions: {a: {concurrency: '5'}}", "got '5', expected a whole number from 0 to 1000"),
        ("functions: {a: {concurrency: 010}}", "got 010, a whole number, expected"),
        (
            "functions: {a: {environment: {A: 1}}}",
            "A at f:1:34: got 1, a whole number, expected text",
        ),
        ("functions: {a: {environment: {PORT: x}}}", "got 'PORT', expected letters"),
        ("functions: {a: {environment: {A: true}}}", "got true, which is true or false"),
        ("functions: {a: {handler: ../b}}", "got '../b', expected a path below the folder"),
        ("functions: {a: {handler: /b}}", "got '/b', expected a path below the folder"),
        (
            "functions: {a: {scale: {min: 3, max: 2}}}",
            "min at f:1:30: got 3, expected at most max, 2",
        ),
        ("functions: {a: {scale: {min: 0, zero: false}}}", "expected 1 or more, as zero is false"),
        (
            "functions: {a: {scale: {metric: cpus}}}",
            "one of concurrency, rps, cpu, memory, did you mean 'cpu'?",
        ),
        ("functions: {a: {secrets: [b, b]}}", "secrets at f:1:30: got 'b', expected each once"),
        (
            "functions: {a: {resources: {requests: {memory: 2Gi}, limits: {memory: 1Gi}}}}",
            "requests.memory at f:1:48: got 2Gi, expected at most 1Gi",
        ),
        (
            "functions: {a: {revisions: {b: {percent: 90}}}}",
            "got 90 percent together, expected 100",
        ),
        (
            "functions: {a: {revisions: {b: {percent: 50, tag: t}, c: {percent: 50, tag: t}}}}",
            "got 't', which 'b' has, expected a tag of its own",
        ),
        (
            "routes: {r: {}}",
            "r at f:1:13: got none of them, expected exactly one of function, split",
        ),
        ("routes: {r: {function: a, path: {}}}", "expected exactly one of exact, prefix"),
        ("routes: {r: {function: a, path: {exact: a}}}", "got 'a', expected a path such as"),
        ("routes: {r: {function: a, path: {exact: /a/../b}}}", "expected a path such as"),
        ("routes: {r: {function: a, path: {exact: /a//b}}}", "expected a path such as"),
        ("routes: {r: {function: a, rewrite: {path: /}}}", "expected a `path` of the route"),
        (
            "routes: {r: {function: a, retries: {attempts: 0, retry_on: [gateway-error]}}}",
            "expected 1 or more",
        ),
        ("routes: {r: {function: a, retries: {}}}", "key 'attempts' at f:1:36: got none"),
        ("routes: {r: {function: a, fault: {}}}", "expected at least one of delay, abort"),
        (
            "routes: {r: {function: a, cors: {origins: ['*'], credentials: true}}}",
            "each origin by name",
        ),
        (
            "triggers: {t: {function: a, filters: [{exact: {a: b}, cesql: x}]}}",
            "got exact and cesql",
        ),
        (
            "triggers: {t: {function: a, filters: [{all: []}]}}",
            "got nothing in it, expected at least one",
        ),
        ("triggers: {t: {function: a, filters: [{exact: {Type: b}}]}}", "a CloudEvents attribute"),
        ("schedules: {s: {cron: 99, function: a}}", "five fields"),
        ("hosts: {'a_b': {}}", "a DNS name in lower case"),
        ("registry: {prefix: 'ghcr.io/a:1:2'}", "lower-case parts"),
        ("environments: []", "environments at f:1:15: got a list, expected a map"),
        ("environments: {A: {}}", "name of an environment at f:1:16"),
        ("environments: {a: 1}", "a at f:1:19: got 1, a whole number, expected a map"),
    ],
)
def test_faults(text, said):
    assert any(said in line for line in faults(text)), faults(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "routes: {r: {function: helo}}",
            "unknown function 'helo' at f:2:24: expected one of hello, did you mean",
        ),
        ("routes: {r: {function: hello, mirror: {function: x}}}", "unknown function 'x'"),
        ("routes: {r: {split: [{function: x, percent: 100}]}}", "unknown function 'x'"),
        (
            "routes: {r: {split: [{function: hello, revision: v1, percent: 100}]}}",
            "unknown revision 'v1'",
        ),
        ("hosts: {a.b: {}}\nroutes: {r: {function: hello, host: a.c}}", "unknown host 'a.c'"),
        ("triggers: {t: {function: x}}", "unknown function 'x'"),
        ("triggers: {t: {function: hello, broker: x}}", "unknown broker 'x'"),
        (
            "triggers: {t: {function: hello, delivery: {dead_letter: {function: x}}}}",
            "unknown function 'x'",
        ),
        ("brokers: {b: {delivery: {dead_letter: {function: x}}}}", "unknown function 'x'"),
        ("schedules: {s: {cron: '@daily', function: x}}", "unknown function 'x'"),
    ],
)
def test_what_is_named_must_be_there(text, said):
    (found,) = faults(f"functions: {{hello: {{}}}}\n{text}\n")
    assert said in found


def test_the_broker_of_a_sink_must_be_there():
    text = "functions: {hello: {sink: {broker: %s}}}\nbrokers: {slow: {}}\n"
    (found,) = faults(text % "slwo")
    assert found == (
        "unknown broker 'slwo' at f:1:36: expected one of slow, default, did you mean 'slow'?"
    )
    for broker in ("slow", "default"):
        read(text % broker)


@pytest.mark.parametrize("variable", ["K_SINK", "WHERRY_SINK"])
def test_a_sink_is_said_once(variable):
    environment = f"environment: {{{variable}: 'http://a'}}"
    (found,) = faults(f"functions: {{hello: {{sink: {{broker: default}}, {environment}}}}}")
    assert f"environment.{variable} at f:1:" in found
    assert "expected one of the two, `sink`" in found
    read(f"functions: {{hello: {{{environment}}}}}")


def test_a_function_with_a_fault_is_not_told_to_be_missing_as_well():
    (found,) = faults("functions: {a: {x: 1}}\nschedules: {s: {cron: '@daily', function: a}}")
    assert "unknown key 'x'" in found


def test_a_host_may_be_one_of_a_wildcard():
    read("functions: {a: {}}\nhosts: {'*.b.c': {}}\nroutes: {r: {function: a, host: x.b.c}}")


def test_all_faults_are_told_in_the_order_of_the_file():
    found = faults(
        "tigger: 1\nfunctions:\n  a: {timeout: 1, labells: {}}\n  a: {}\n"
        "routes: {r: {function: b}}\n"
    )
    places = [re.search(r" at f:([0-9]+:[0-9]+)", line)[1] for line in found]
    assert places == ["1:1", "3:16", "3:19", "4:3", "5:24"]


ENVIRONMENTS = """
namespace: fns
functions:
  a: {timeout: 30s, secrets: [x, y], labels: {team: shop}}
  b: {}
environments:
  staging:
    namespace: fns-staging
    functions:
      a: {secrets: [z], labels: {tier: low}, timeout: null}
      b: null
      c: {timeout: 5s}
"""


def test_without_an_environment_the_overlays_are_not_there():
    assert read(ENVIRONMENTS).namespace == "fns"


def test_maps_merge_lists_replace_and_null_removes():
    made = read(ENVIRONMENTS, "staging")
    assert made.namespace == "fns-staging"
    assert list(made.functions) == ["a", "c"]
    assert made.functions["a"].secrets == ("z",)
    assert made.functions["a"].labels == {"team": "shop", "tier": "low"}
    assert made.functions["a"].timeout is None
    assert made.functions["c"].timeout == Duration(milliseconds=5000)


def test_an_environment_that_is_not_there():
    (found,) = faults(ENVIRONMENTS, "stagin")
    assert "unknown environment 'stagin' at f:6:1" in found or "did you mean 'staging'?" in found
    assert faults("{}", "prod") == [
        "unknown environment 'prod' at f:1:1: expected a map `environments` with it"
    ]


@pytest.mark.parametrize("environment", ["", "other", "staging"])
def test_a_fault_in_an_environment_is_told_whichever_is_chosen(environment):
    text = "functions: {a: {}}\nenvironments:\n  other: {}\n  staging:\n"
    text += "    functions: {a: {timout: 5s}}\n"
    assert faults(text, environment) == ["unknown key 'timout' at f:5:21, did you mean 'timeout'?"]


def test_a_null_that_removes_nothing_is_a_key_spelt_wrong():
    text = "functions: {a: {timeout: 5s}}\nenvironments: {s: {functions: {a: {timout: null}}}}\n"
    (found,) = faults(text)
    assert "got nothing to remove" in found
    assert "did you mean 'timeout'?" in found


def test_what_an_overlay_takes_away_may_be_missed_elsewhere():
    text = "functions: {a: {}, b: {}}\nroutes: {r: {function: b}}\n"
    text += "environments: {s: {functions: {b: null}}}\n"
    read(text)
    (found,) = faults(text, "s")
    assert "unknown function 'b'" in found
