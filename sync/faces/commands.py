"""`xuanpin sync`: the hub, and what tills say to it; without a subcommand, the end of day."""

import click

from sync.faces.lazy import LazyGroup

COMMANDS = {
    "hub": "sync.faces.hub_commands:hub_command",
    "invite": "sync.faces.hub_commands:invite_command",
    "medium": "sync.faces.medium_command:medium_command",
    "tills": "sync.faces.revocation_commands:tills_command",
    "revoke": "sync.faces.revocation_commands:revoke_command",
    "reinstate": "sync.faces.revocation_commands:reinstate_command",
    "held": "sync.faces.revocation_commands:held_command",
    "alarms": "sync.faces.alarm_commands:alarms_command",
    "release": "sync.faces.revocation_commands:release_command",
    "token": "sync.faces.token_commands:token_command",
    "tokens": "sync.faces.token_commands:tokens_command",
    "webhook": "sync.faces.webhook_commands:webhook_command",
    "webhooks": "sync.faces.webhook_commands:webhooks_command",
    "publish": "sync.faces.feed_commands:publish_command",
    "enrol": "sync.faces.till_commands:enrol_command",
    "push": "sync.faces.till_commands:push_command",
    "export": "sync.faces.export_command:export_command",
    "import": "sync.faces.import_command:import_command",
    "pull": "sync.faces.feed_commands:pull_command",
    "status": "sync.faces.till_commands:status_command",
    "clock": "sync.faces.clock_command:clock_command",
    "eod": "sync.faces.eod_commands:eod_command",
    "settle": "sync.faces.eod_commands:settle_command",
    "report": "sync.faces.eod_commands:report_command",
    "backup": "sync.faces.backup_commands:backup_command",
    "restore": "sync.faces.backup_commands:restore_command",
    "verify": "sync.faces.till_commands:verify_command",
}


@click.group(
    "sync",
    cls=LazyGroup,
    commands_at=COMMANDS,
    invoke_without_command=True,
    help="Hub and tills: the end of day, enrol, push, status and verify.",
)
@click.pass_context
def group(ctx: click.Context) -> None:
    """Open the end of day when no subcommand was named."""
    if ctx.invoked_subcommand is None:
        from sync.faces.eod.command import open_evening

        open_evening(ctx.obj)
