"""What the hub's people ask of sync: serve the hub, invite a till."""

from __future__ import annotations

import logging
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from sync.faces.answers import accepted, answer, json_option, pass_setup, refuse
from sync.faces.hub_desk import opened_hub
from sync.rules.days import china_time
from sync.rules.refusal import N_, Refused
from sync.services.hub_opening import OpenHub, lineage_of, open_hub_data
from sync.setup import Setup
from sync.tls import check_server_files

database_option = click.option(
    "--database", default="", help="SQLAlchemy URL of the hub's database; else [hub] database."
)


@click.command("hub")
@click.option("--host", default=None, help="Listen at this address; else [hub] listen_host.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=None,
    help="Listen at this port, 0 for a free one; else [hub] listen_port.",
)
@database_option
@json_option
@pass_setup
def hub_command(
    setup: Setup, host: str | None, port: int | None, database: str, as_json: bool
) -> None:
    """Serve the hub until it is told to end."""
    tls = _tls_files(setup)
    if tls is not None:
        refused = check_server_files(*tls)
        if refused is not None:
            refuse(setup, refused, as_json=as_json)
    with _opened(setup, database, as_json=as_json) as opened:
        listener = accepted(
            setup,
            _listen(host or setup.hub.listen_host, setup.hub.listen_port if port is None else port),
            as_json=as_json,
        )
        if opened.medium is None and setup.hub.log == "text":
            click.echo(setup.say(_NO_MEDIUM), err=True)
        with listener:
            url = _url(listener, "http" if tls is None else "https")
            values = {"url": url, "hub_id": opened.keys.hub_id}
            answer(setup.say("The hub listens at {url}", url=url), values, as_json=as_json)
            _serve(setup, opened, listener)


@click.command("invite")
@click.argument("till")
@database_option
@json_option
@pass_setup
def invite_command(setup: Setup, till: str, database: str, as_json: bool) -> None:
    """Make a one-time code with which a till enrols at this hub."""
    from sync.services.inviting import Inviting

    center = accepted(setup, setup.center(), as_json=as_json)
    with opened_hub(setup, database, as_json=as_json) as opened:
        desk = Inviting(opened.engine, opened.keys, setup.clock, medium=opened.medium)
        invited = desk.invite(till, center.number, setup.till.center)
        invitation = accepted(setup, invited, as_json=as_json)
    until = china_time(invitation.expires_ms).strftime("%H:%M")
    text = setup.say(
        "Code for till {name} of center {center}, once, until {until}: {code}",
        name=invitation.name,
        center=invitation.center_name,
        until=until,
        code=invitation.code,
    )
    values = {
        "code": invitation.code,
        "till": invitation.name,
        "center": invitation.center_name,
        "expires_ms": invitation.expires_ms,
    }
    answer(text, values, as_json=as_json)


_NO_MEDIUM = N_(
    "No second medium is set ([hub] second_medium): if this disk is lost, enrolments and"
    " revocations since the last backup are lost with it."
)


@contextmanager
def _opened(setup: Setup, database: str, *, as_json: bool) -> Iterator[OpenHub]:
    opened = accepted(setup, open_hub_data(setup, database), as_json=as_json)
    try:
        yield opened
    finally:
        opened.close()


def _listen(host: str, port: int) -> socket.socket | Refused:
    """Bind and listen, so that the address can be told before the first request is taken."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server(address[:2], family=family)
    except (OSError, UnicodeError) as error:
        problem = error.strerror if isinstance(error, OSError) else N_("Name or service not known")
        return Refused(
            "hub.cannot_listen",
            N_("The hub cannot listen at {host}, port {port}: {problem}."),
            N_("Choose another with --host and --port; --port 0 takes a free one."),
            {"host": host, "port": port, "problem": problem},
        )
    # Inherited by every connection: else the body of a reply waits 40 ms for its head's ACK.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _tls_files(setup: Setup) -> tuple[Path, Path] | None:
    """Return the files of the hub's certificate and key, None if it serves plain http."""
    hub = setup.hub
    if not hub.tls_certificate:
        return None
    return setup.place(hub.tls_certificate), setup.place(hub.tls_key)


def _url(listener: socket.socket, scheme: str) -> str:
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _serve(setup: Setup, opened: OpenHub, listener: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT; requests under way are answered first."""
    from sync.checkpoints import checkpointing
    from sync.faces.hub_api import make_app
    from sync.faces.hub_log import logging_to
    from sync.faces.hub_routes import all_routes
    from sync.faces.hub_server import make_server, serve
    from sync.faces.hub_watch import Watch
    from sync.hub_events import tell
    from sync.services.webhooks import Teller, post_over_http

    watch = Watch(opened.keys.hub_id)

    def draining() -> None:
        watch.draining = True

    certificate, key = _tls_files(setup) or (None, None)
    server = make_server(
        make_app(all_routes(setup, opened, watch), setup.say, watch),
        drain_s=setup.hub.drain_s,
        draining=draining,
        certificate=certificate,
        key=key,
    )
    news = [package.news for package in setup.packages]
    teller = Teller(opened.engine, setup.clock, opened.keys.hub_id, news, post_over_http)
    with (
        logging_to(sys.stderr, setup.hub.log),
        lineage_of(setup, opened).watching(),
        checkpointing(opened.engine),
        teller.telling(),
    ):
        database = opened.engine.dialect.name
        tell(logging.INFO, "started", hub_id=opened.keys.hub_id, database=database)
        if opened.medium is None and setup.hub.log == "json":
            tell(logging.WARNING, "no second medium")
        serve(server, listener)
        tell(logging.INFO, "ended", hub_id=opened.keys.hub_id)
