"""The day report: one page that needs nothing else, in both languages, whatever was recorded."""

import re
from datetime import date
from html.parser import HTMLParser

import msgspec
import pytest

from pos.faces.day_report.make import make
from pos.rules.order import SALE, Order
from sync.rules.center_day import Closing, Matter, Settled, Settlement, TillDay
from sync.rules.closing import DayClosed
from sync.rules.day_report import DayAbout, Recorded, RecordedPage, pack_page, unpack_page
from sync.rules.days import day_start_ms
from sync.rules.reconciling import Own, Reconciled, reconcile
from sync.rules.totals import KindTotal, Total

from .printed_orders import CHINESE, ENGLISH, everything, member_sale

DAY = "2026-11-22"
EMPTY_TAGS = {"meta", "br", "rect", "line"}


class Balanced(HTMLParser):
    """Reads a page; every element that opens must close in its turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in EMPTY_TAGS:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in EMPTY_TAGS:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and "style" not in self.open:
            self.words.append(data.strip())


def recorded(order: Order, till: str = "ZZ-01") -> Recorded:
    body = msgspec.json.encode(order)
    return Recorded(till, SALE, order.order_id, b"d" * 32, order.at_ms, order.paid_fen, body)


def till_row(*, closed: bool) -> Reconciled:
    sold = (KindTotal(SALE, 2, 5000),)
    said = DayClosed(
        day=DAY,
        totals=sold,
        head_run="1-aa",
        head_seq=2,
        head_hash="00" * 32,
        closed_by="Li",
        pending=0,
    )
    till = TillDay(
        till="a" * 32,
        number=1,
        name="ZZ-01",
        revoked=False,
        booked=sold,
        uninterpreted=(),
        held=(),
        marks=(),
        gaps=(),
        closings=(Closing("1-aa", 3, 5, said),) if closed else (),
        told=None,
        exceptions=(),
        exceptions_left=0,
    )
    own = Own(till.till, {SALE: Total(2, 5000)}, {}, 0, None)
    return reconcile(DAY, till, own, 10, 20)


def about(*, whole: bool = True, agreed: bool = True) -> DayAbout:
    return DayAbout(
        day=DAY,
        center_zh="郑州<选品>",
        center_en="Zhengzhou <Center>",
        till="ZZ-01",
        whole_center=whole,
        tills=(till_row(closed=True),),
        as_heard=False,
        agreed=agreed,
        made_ms=1_795_360_000_000,
    )


def words(page: str) -> str:
    reader = Balanced()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return "\n".join(reader.words)


def test_a_page_says_what_was_sold_and_that_it_agrees() -> None:
    sales = [recorded(everything()), recorded(member_sale(), "ZZ-02")]
    text = words(make(about(), sales, {SALE: "Sales"}, ENGLISH))
    whole = everything().paid_fen + member_sale().paid_fen
    assert f"{whole // 100:,}.{whole % 100:02d}" in text
    for said in ("Day report · 2026-11-22 Sun", "Agreed to the last fen", "WeChat", "ZZ-02"):
        assert said in text
    assert "1 of 1 tills closed the day" in text
    assert "50.00" in text


def test_it_is_said_in_chinese_too() -> None:
    text = words(make(about(agreed=False), [recorded(everything())], {SALE: "销售"}, CHINESE))
    for said in ("营业日报 · 2026-11-22 周日", "尚未核对一致", "按产业带", "PLUS 占比", "销售"):
        assert said in text


def test_it_needs_no_network_and_runs_no_script() -> None:
    page = make(about(), [recorded(everything())], {}, CHINESE)
    assert re.search(r"(?:src|href|url)\s*[=(]|@import|https?:|<script", page) is None
    assert "郑州&lt;选品&gt;" in page


@pytest.mark.parametrize("whole", [True, False])
def test_a_day_without_sales_and_sales_that_cannot_be_read_are_said(whole: bool) -> None:
    odd = Recorded("ZZ-01", SALE, "x", b"d" * 32, 5, 5, b"{}")
    text = words(make(about(whole=whole), [odd], {}, ENGLISH))
    assert "Nothing was sold on this day." in text
    assert "could not read, missing from the figures: 1" in text
    assert ("these are the sales of till ZZ-01 alone" in text) is not whole


def test_exceptions_are_listed_while_open_and_on_the_day_they_were_settled() -> None:
    begins_ms = day_start_ms(date.fromisoformat(DAY))
    till = till_row(closed=True)

    def settled(run: str, reason: str, at_ms: int) -> Settled:
        said = Settlement(till.till, "branch", run, 0, "", f"<{reason}>", "Wang")
        return Settled(said, till.till, at_ms)

    till = msgspec.structs.replace(
        till,
        exceptions=(Matter("fork", "1-aa", 2, "", begins_ms),),
        exceptions_left=7,
        settled=(
            settled("3-cc", "just now", begins_ms + 60_000),
            settled("2-bb", "at midnight", begins_ms),
            settled("1-aa", "the day before", begins_ms - 1),
        ),
    )
    told = msgspec.structs.replace(about(), tills=(till,))
    text = words(make(told, [], {}, ENGLISH))
    listed = text[text.index("Exceptions") :]
    shown = ["Fork: two entries in one place", "still to settle", "and 7 more"]
    shown += ["<at midnight>", "Wang 00:00", "<just now>", "Wang 00:01"]
    places = [listed.index(each) for each in shown]
    assert places == sorted(places)
    assert "the day before" not in text
    assert "Exceptions" not in words(make(about(), [], {}, ENGLISH))


def test_pages_of_what_was_recorded_are_bounded_whatever_they_claim() -> None:
    page = RecordedPage((recorded(member_sale()),), "1~sale~x~00")
    assert unpack_page(pack_page(page)) == page
    bomb = pack_page(RecordedPage((Recorded("t", "k", "i", b"", 0, 0, bytes(9_000_000)),), ""))
    assert len(bomb) < 10_000
    for bad in (b"", b"not zstd", bomb, pack_page(page)[:-3]):
        with pytest.raises(ValueError, match=r".*"):
            unpack_page(bad)
