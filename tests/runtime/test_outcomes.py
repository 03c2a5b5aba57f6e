import pytest

from wherry import Drop, Refuse, Retry


@pytest.mark.parametrize(
    ("after_s", "header"),
    [(0, None), (0.2, 1), (5, 5), (5.5, 6), (-3, None), (float("nan"), None), (1e12, 86_400)],
)
def test_retry_waits_whole_seconds(after_s, header):
    problem = Retry(after_s=after_s).problem()
    assert (problem.status, problem.retry_after_s) == (503, header)


def test_drop_tells_its_reason():
    assert Drop("no such order").problem().detail == "no such order"
    assert Drop().problem().status == 422


@pytest.mark.parametrize("status", [200, 399, 600, 0])
def test_refuse_wants_an_error_status(status):
    with pytest.raises(ValueError, match="400 to 599"):
        Refuse(status)
