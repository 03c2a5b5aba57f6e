"""The benchmark of the local platform: what is made of figures, and whole files of the peers."""

import pytest
from benchmarks.local import events, proxied, rest
from benchmarks.local.proxies import _HERE, PROXIES, proxying
from benchmarks.serving.figures import Figures


def figures(per_s, p99_ms=1.0, faults=0):
    return Figures(per_s=per_s, p50_ms=0.5, p99_ms=p99_ms, faults=faults)


def way(name, per_s, spent, paced):
    return proxied.Proxied(
        way=name,
        runs=[figures(each) for each in per_s],
        processor_s=spent,
        paced=[figures(100, each) for each in paced],
    )


def test_a_core_carries_what_its_processor_time_did():
    found = way("nginx", [1000.0, 2000.0], [0.5, 1.0], [1.0, 2.0])
    assert found.per_core_s(2) == [4000.0, 4000.0]


def test_the_table_compares_within_rounds():
    table = proxied.table(
        [
            way("direct", [100.0] * 3, [1.0] * 3, [1.0, 1.0, 1.0]),
            way("wherry", [50.0, 60.0, 70.0], [1.0] * 3, [2.0, 2.5, 3.0]),
            way("nginx", [100.0, 80.0, 70.0], [1.0] * 3, [1.2, 1.2, 1.2]),
        ],
        seconds=1,
    )
    assert "0.75 (0.50 to 1.00); 0.20" in table
    assert "1.0 (1.0 to 1.0); 1.50" in table
    assert "FAULTS" not in table


def events_run(faults=0, accepted=3000):
    return events.Events(
        triggers=10,
        accepted_per_s=accepted,
        p99_ms=5.0,
        processor_s=1.5,
        delivered_per_s=2000,
        faults=faults,
    )


def test_events_are_told_by_the_core():
    runs = [events_run(accepted=each) for each in (3000, 6000, 1500)]
    assert [run.per_core_s for run in runs] == [2000, 4000, 1000]
    line = events.table(runs).splitlines()[1]
    assert line.split()[:5] == ["10", "3,000", "2,000", "5.0", "2,000"]
    assert line.endswith("3 runs, 1,000 to 4,000 per core s")


def test_a_run_of_events_with_faults_has_no_figures():
    line = events.table([events_run(faults=3)]).splitlines()[1]
    assert line.split() == ["10", "1", "runs", "do", "not", "count:", "3", "faults"]
    line = events.table([events_run(faults=3), events_run()]).splitlines()[1]
    assert "1 runs, 2,000 to 2,000 per core s  1 runs do not count: 3 faults" in line


def test_rest_is_told():
    found = rest.Rest(first_ms=[10, 30, 20], awake_mb=80, asleep_mb=50, idle_ms_per_s=1.5)
    assert "median 20.0 ms, 10.0 to 30.0, 3 starts" in rest.table(found)


@pytest.mark.parametrize("proxy", PROXIES, ids=lambda proxy: proxy.name)
def test_a_configuration_can_be_filled_in(proxy):
    filled = {"folder": "/f", "file": "/f/c", "port": 1, "replica": "/r.sock", "user": ""}
    text = (_HERE / proxy.configuration).read_text().format(**filled)
    assert "/r.sock" in text
    assert "{port}" not in text


@pytest.mark.interop
@pytest.mark.parametrize("proxy", PROXIES, ids=lambda proxy: proxy.name)
def test_a_proxy_starts(proxy, tmp_path):
    if proxy.program is None:
        pytest.skip(f"{proxy.name} is not on the PATH")
    with proxying(proxy, tmp_path / "nobody.sock", core=0) as server:
        assert server.port
