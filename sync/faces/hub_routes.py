"""The parts of a hub's web interface, put together for whoever serves it."""

from __future__ import annotations

from fastapi import APIRouter

from sync.faces.hub_api import till_routes, view_routes
from sync.faces.hub_certificate_api import certificate_routes
from sync.faces.hub_day_api import day_routes
from sync.faces.hub_feed_api import feed_routes
from sync.faces.hub_http import refusal
from sync.faces.hub_ops_api import ops_routes
from sync.faces.hub_signed import SignedDoor, challenge_routes
from sync.faces.hub_watch import Watch
from sync.package import HubWeb
from sync.services.authenticating import Authenticating
from sync.services.center_days import CenterDays
from sync.services.feeding import Feeding
from sync.services.hub import Hub
from sync.services.hub_opening import OpenHub, hub_steps
from sync.services.inviting import Inviting
from sync.services.readiness import Readiness
from sync.services.reading import Readers
from sync.services.renewing import Renewing
from sync.setup import CenterSettings, Setup


def all_routes(setup: Setup, opened: OpenHub, watch: Watch | None = None) -> tuple[APIRouter, ...]:
    """Make the services of an open hub and return the routes that lead to them.

    `watch` is what this process knows of itself; without one nothing is counted.
    """
    centers = setup.settings.named(CenterSettings)
    names = {center.number: name for name, center in centers.items()}
    hub = Hub(opened.engine, opened.keys, setup.packages, setup.clock, names)
    inviting = Inviting(opened.engine, opened.keys, setup.clock, medium=opened.medium)
    door = SignedDoor(Authenticating(opened.engine, opened.keys, setup.clock), setup.say)
    renewing = Renewing(opened.engine, opened.register, setup.packages, setup.clock)
    feeds = [feed for package in setup.packages for feed in package.feeds()]
    feeding = Feeding(opened.engine, opened.keys, feeds, setup.clock)
    web = HubWeb(
        opened.engine,
        Readers(opened.engine, setup.clock).reader,
        lambda refused: refusal(setup.say, refused),
    )
    return (
        till_routes(hub, inviting, setup.say),
        challenge_routes(door),
        certificate_routes(renewing, door),
        day_routes(door, CenterDays(opened.engine, setup.clock)),
        feed_routes(door, feeding),
        view_routes(hub, setup.hub.summary),
        ops_routes(
            hub,
            Readiness(opened.engine, opened.keys, opened.directory, hub_steps(setup)),
            watch or Watch(opened.keys.hub_id),
            setup.hub.metrics,
        ),
        *(router for package in setup.packages for router in package.web(web)),
    )
