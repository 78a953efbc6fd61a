"""`xuanpin pos`: without a subcommand it opens the counter."""

import gc

import click

from sync.faces.answers import on_terminal, refuse
from sync.faces.lazy import LazyGroup
from sync.rules.refusal import N_, Refused

COMMANDS = {
    "import": "pos.faces.catalogue_commands:import_command",
    "items": "pos.faces.catalogue_commands:items_command",
    "sell": "pos.faces.sale_commands:sell_command",
    "order": "pos.faces.sale_commands:order_command",
    "receipt": "pos.faces.receipt_commands:receipt_command",
    "demo": "pos.faces.demo_command:demo_command",
}


@click.group(
    "pos",
    cls=LazyGroup,
    commands_at=COMMANDS,
    invoke_without_command=True,
    help="Sell: the counter, the catalogue, orders and receipts.",
)
@click.pass_context
def group(ctx: click.Context) -> None:
    """Open the counter when no subcommand was named."""
    if ctx.invoked_subcommand is None:
        if not on_terminal():
            refuse(ctx.obj, _NO_TERMINAL)
        gc.disable()  # what starting makes is no garbage; the app settles it with its first frame
        from pos.faces.counter.command import open_counter

        open_counter(ctx.obj)


_NO_TERMINAL = Refused(
    "counter.no_terminal",
    N_("The counter needs a terminal."),
    N_("`xuanpin pos sell` sells without one."),
)
