"""What this package declares: its settings, journal kinds, migrations and hub projections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pos.rules.key_settings import CounterSettings, KeySettings
from pos.rules.order import SALE
from pos.rules.printer_settings import PrinterSettings
from pos.rules.settings import OrderLinkSettings, RoundingSettings, ScanSettings
from pos.rules.voided import CART_VOIDED
from pos.stores import carts, catalogue, orders, price_schedule, print_jobs
from sync.package import Feed, HubStep, HubWeb, Kind, Package, Projection, Section
from sync.rules.refusal import N_

if TYPE_CHECKING:
    from fastapi import APIRouter
    from sqlalchemy import Connection

SECTIONS = (
    Section("rounding", RoundingSettings),
    Section("scan", ScanSettings),
    Section("order_link", OrderLinkSettings),
    Section("printer", PrinterSettings),
    Section("counter", CounterSettings),
    Section("keys", KeySettings),
)

KINDS = (
    Kind(
        SALE,
        "A sale was completed; the body is the order, the amount what was paid.",
        N_("Sales"),
    ),
    Kind(
        CART_VOIDED,
        "An open basket was given up; the body says what was in it.",
        N_("Voided baskets"),
    ),
)


def _hub_steps() -> tuple[HubStep, ...]:
    from pos.stores.hub_orders import STEPS

    return STEPS


def _web(web: HubWeb) -> tuple[APIRouter, ...]:
    from pos.faces.hub_orders_api import order_routes

    return (order_routes(web),)


def _news(connection: Connection) -> Sequence[tuple[str, int, int]]:
    from pos.stores.hub_order_pages import news

    return news(connection)


def _projections() -> tuple[Projection, ...]:
    from pos.stores.hub_orders import PROJECTIONS  # SQLAlchemy, which only a hub loads

    return PROJECTIONS


def _feeds() -> tuple[Feed, ...]:
    from pos.rules import price_schedule as prices
    from pos.stores import fed_goods, published_goods

    return (
        Feed(
            fed_goods.FEED,
            "The goods: names, codes, prices, centers.",
            N_("goods"),
            per_center=False,
            apply=fed_goods.apply,
            clear=catalogue.clear,
            read=published_goods.read_catalogue,
        ),
        Feed(
            prices.FEED,
            "Prices with the moment from which they hold.",
            N_("prices"),
            per_center=False,
            apply=price_schedule.apply,
            clear=price_schedule.clear,
            read=published_goods.read_prices,
        ),
    )


PACKAGE = Package(
    name="pos",
    sections=SECTIONS,
    kinds=KINDS,
    journal_migrations=(carts.MIGRATIONS, orders.MIGRATIONS, print_jobs.MIGRATIONS),
    reference_migrations=(catalogue.MIGRATIONS, price_schedule.MIGRATIONS),
    hub_steps=_hub_steps,
    projections=_projections,
    feeds=_feeds,
    web=_web,
    news=_news,
    day_report="pos.faces.day_report.make:make",
)
