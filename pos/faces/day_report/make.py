"""Making a day's report: orders out of what was recorded, figures, charts, one page of HTML."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from pos.faces.counter.words import METHOD_NAMES
from pos.faces.day_report import charts
from pos.faces.day_report.charts import Bar
from pos.faces.day_report.exceptions import exceptions
from pos.rules.day_figures import (
    BAGS,
    PLAN,
    PRICES,
    DayFigures,
    Figure,
    best_sellers,
    figures,
    largest,
    permille,
)
from pos.rules.order import METHODS, SALE, Order
from sync.faces.eod.words import STATE_WORDS
from sync.language import Language
from sync.rules.day_report import DayAbout, Recorded
from sync.rules.days import china_time
from sync.rules.decoding import json_reader
from sync.rules.money import format_yuan
from sync.rules.refusal import N_

_MOST_CLUSTERS = 9
_MOST_ITEMS = 12
_FIRST_HOUR, _LAST_HOUR = 8, 21
WEEKDAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))
PRICE_NAMES = {
    "retail": N_("Retail price"),
    "tier": N_("Quantity price"),
    "plus": N_("PLUS price"),
    "promotion": N_("Promotion"),
    "fixed": N_("Labelled price"),
}
_TONES = {"retail": "c3", "tier": "c2", "plus": "c1", "promotion": "c4", "fixed": "c5"}


def make(
    about: DayAbout, recorded: Sequence[Recorded], kinds: dict[str, str], say: Language
) -> str:
    """Return the report of a day as one page of HTML that needs nothing else.

    What no order can be read from is left out, counted and said. `kinds` names journal kinds.
    """
    orders, unread = _orders(recorded)
    day = figures(orders)
    page: str = _template().render(
        say=say,
        about=about,
        center=say.pick(about.center_zh, about.center_en),
        weekday=say(WEEKDAYS[date.fromisoformat(about.day).weekday()]),
        made=china_time(about.made_ms).strftime("%Y-%m-%d %H:%M"),
        day=day,
        unread=unread,
        yuan=lambda fen: format_yuan(fen, grouped=True),
        less=lambda fen: ("−" if fen else "") + format_yuan(fen, grouped=True),
        by_money=lambda rows: sorted(rows, key=lambda row: (not row.arrived.amount_fen, row.kind)),
        percent=_percent,
        plus=_plus(say, day),
        hours=_hours(day),
        clusters=_clusters(say, day),
        payments=_payments(say, day),
        prices=_prices(say, day),
        tills=_tills(day),
        best=best_sellers(day, _MOST_ITEMS),
        kinds=kinds,
        closed=[till for till in about.tills if till.closing is not None],
        state_words=_state_words(say),
        exceptions=exceptions(about, say),
    )
    return page


def _template() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("pos.faces.day_report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")


def _orders(recorded: Sequence[Recorded]) -> tuple[list[tuple[str, Order]], int]:
    """Return the orders with the name of their till, and how many sales could not be read."""
    decode = json_reader(Order)
    orders, unread = [], 0
    for each in recorded:
        if each.kind != SALE:
            continue
        try:
            order = decode(each.body)
        except ValueError:
            unread += 1
            continue
        orders.append((each.till, order))
    return orders, unread


def _hours(day: DayFigures) -> str:
    used = [hour for hour, figure in enumerate(day.hours) if figure.count]
    first = min([_FIRST_HOUR, *used])
    last = max([_LAST_HOUR, *used])
    end = charts.scale_end(max(figure.paid_fen for figure in day.hours) // 100)
    bars = [
        Bar(
            f"{hour:02d}",
            day.hours[hour].paid_fen,
            format_yuan(day.hours[hour].paid_fen, grouped=True),
            share=str(day.hours[hour].count or ""),
        )
        for hour in range(first, last + 1)
    ]
    middle = f"{end // 2:,}" if end > 1 else ""
    return charts.columns(bars, f"{end:,}", middle, end * 100)


def _clusters(say: Language, day: DayFigures) -> str:
    named = {_cluster(say, name): figure for name, figure in day.clusters.items()}
    top, rest = largest(named, _MOST_CLUSTERS)
    if rest.count:
        top.append((say("All others"), rest))
    return charts.bars([_bar(name, figure, day) for name, figure in top])


def _cluster(say: Language, name: str) -> str:
    return {BAGS: say("Bags"), PLAN: say("PLUS membership"), "": say("No cluster")}.get(name, name)


def _payments(say: Language, day: DayFigures) -> str:
    tones = dict(zip(METHODS, ("c4", "c1", "c3", "c2", "c5"), strict=True))
    return charts.bars(
        [
            _bar(say(METHOD_NAMES[method]), day.payments[method], day, tones[method])
            for method in METHODS
            if method in day.payments
        ]
    )


def _tills(day: DayFigures) -> str:
    return charts.bars([_bar(name, day.tills[name], day, "c3") for name in sorted(day.tills)])


def _prices(say: Language, day: DayFigures) -> tuple[str, list[tuple[str, str, Figure, str]]]:
    """Return the bar of goods by the price that applied, and its legend."""
    goods_fen = sum(figure.paid_fen for figure in day.prices.values())
    rows = [
        (
            _TONES[price],
            say(PRICE_NAMES[price]),
            day.prices[price],
            _percent(day.prices[price].paid_fen, goods_fen),
        )
        for price in PRICES
        if price in day.prices
    ]
    bar = charts.shares([Bar(name, fig.paid_fen, share, tone) for tone, name, fig, share in rows])
    return bar, rows


def _plus(say: Language, day: DayFigures) -> list[tuple[str, str]]:
    """Return what PLUS did on the day, as labels with values."""
    return [
        (say("Sales to members"), _percent(day.members.paid_fen, day.orders.paid_fen)),
        (say("Member orders"), f"{day.members.count} / {day.orders.count}"),
        (say("Saved by PLUS"), format_yuan(day.plus_saved_fen, grouped=True)),
        (say("Joined today"), str(day.joined.count)),
    ]


def _bar(name: str, figure: Figure, day: DayFigures, tone: str = "c1") -> Bar:
    share = _percent(figure.paid_fen, day.orders.paid_fen)
    return Bar(name, figure.paid_fen, format_yuan(figure.paid_fen, grouped=True), tone, share)


def _percent(part_fen: int, whole_fen: int) -> str:
    whole, tenth = divmod(permille(part_fen, whole_fen), 10)
    return f"{whole}.{tenth}%"


def _state_words(say: Language) -> dict[str, str]:
    return {state: say(word) for state, word in STATE_WORDS.items()}
