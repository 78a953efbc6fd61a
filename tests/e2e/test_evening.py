"""The evening by commands: real tills, a real hub, exit statuses that a script can rely on."""

from collections.abc import Callable

import pytest

from .conftest import Place, RunningHub
from .shop import enrolled, sell, stocked

pytestmark = pytest.mark.slow
Places = Callable[..., Place]


def test_the_end_of_day_sends_compares_closes_and_reports(place: Places, hub: RunningHub) -> None:
    till = enrolled(stocked(place("till")), hub)
    sales = [sell(till) for _ in range(2)]
    evening = till.ask("sync", "eod")
    assert (evening["agreed"], evening["pushed"]["pending"], evening["hub"]) == (
        True,
        0,
        "answered",
    )
    (own,) = evening["tills"]
    assert (own["name"], own["own"], own["state"], own["closed"]) == (
        "ZZ-01",
        True,
        "agrees",
        False,
    )
    rows = {row["kind"]: row for row in own["kinds"]}
    total = {"count": 2, "amount_fen": sum(sale["paid_fen"] for sale in sales)}
    assert rows["sale"]["journalled"] == rows["sale"]["booked"] == total
    done = till.ask("sync", "eod", "--close", "--who", "李梅")
    assert done["agreed"]
    assert (done["closed_now"]["closed_by"], done["tills"][0]["closed_by"]) == ("李梅", "李梅")
    assert "已日结" in till.refused("sync", "eod", "--close")
    late = sell(till)
    assert late["day"] == done["business_day"] > done["day"]
    report = till.directory / "report.html"
    written = till.ask("sync", "report", "--day", done["day"], "--output", str(report))
    assert (written["whole_center"], written["agreed"]) == (True, True)
    paid = f"{total['amount_fen'] / 100:,.2f}"
    assert paid in report.read_text("utf-8")
    assert "所在文件夹不存在" in till.refused("sync", "report", "--output", "no/such/place.html")


def test_without_a_hub_a_day_is_closed_and_what_is_known_is_said(
    place: Places, hub: RunningHub
) -> None:
    till = enrolled(stocked(place("till")), hub)
    sell(till)
    till.run("sync", "eod")
    hub.stop()
    sell(till)
    evening = till.ask("sync", "eod", "--close", status=2)
    assert (evening["agreed"], evening["closed"], evening["hub"]) == (
        False,
        True,
        "hub.unreachable",
    )
    assert evening["tills"][0]["state"] == "pending"
    assert evening["pushed"]["refused"] == "hub.unreachable"
    hub.start()
    assert till.ask("sync", "eod")["agreed"]


def test_a_till_that_never_came_keeps_the_evening_open(place: Places, hub: RunningHub) -> None:
    till = enrolled(stocked(place("till")), hub)
    other = enrolled(stocked(place("other", till="ZZ-02")), hub)
    sell(other)
    sell(till)
    evening = till.ask("sync", "eod", status=2)
    states = {each["name"]: each["state"] for each in evening["tills"]}
    assert states == {"ZZ-01": "agrees", "ZZ-02": "unheard"}
    other.ask("sync", "eod", "--close")
    assert till.ask("sync", "eod", "--close")["agreed"]
    assert other.ask("sync", "eod")["agreed"]
    assert "ZZ-02" in till.run("sync", "eod").stdout


def test_bad_days_and_unknown_exceptions_are_one_line(place: Places, hub: RunningHub) -> None:
    till = enrolled(stocked(place("till")), hub)
    sell(till)
    assert "不是日期" in till.refused("sync", "eod", "--day", "2026-02-30")
    assert "没有任何流水" in till.refused("sync", "eod", "--close", "--day", "2026-01-01")
    assert "没有编号" in till.refused("sync", "settle", "12345678", "--reason", "x")
    assert "需要在终端里打开" in till.refused("sync")
