"""What people and programs do in a history: sell, print, push, restart, copy, wait."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pos.rules.order import WALLETS
from pos.rules.tender import Tender
from sync.disk_faults import disk_faults
from sync.rules.entry import Draft
from sync.rules.refusal import Refused
from sync.services.end_of_day import EndOfDay, hub_unasked
from sync.stores import day_totals
from sync.stores import journal as journals
from tests.pos.stocked_till import BAG, CAKE, TEA, TEA_CODE

from . import decisions, sticks

if TYPE_CHECKING:
    from .tills import Process, TillMachine
    from .world import World

Draws = Sequence[int]
GOODS = (TEA, CAKE, BAG)
SCANS = (TEA_CODE, "3*" + TEA_CODE, "9521000000100", "CAKE?", "9520000000000")
PHONE = "1380013{:04d}"
HOUR_MS = 3_600_000


def scan(_world: World, machine: TillMachine, draws: Draws) -> str:
    """Put goods into the basket and leave it open."""
    fill(process_of(machine), draws)
    return f"{len(process_of(machine).register.cart.lines)} lines"


def sell(world: World, machine: TillMachine, draws: Draws) -> str:
    """Fill the basket and take the money; what comes back is told to the cashier."""
    process = process_of(machine)
    fill(process, draws)
    if draws[1] % 3 == 0:
        process.register.join(PHONE.format(draws[1] % 10_000) if draws[1] % 2 else None)
    cart = process.register.cart
    tenders = tendered(process, draws[2])
    if isinstance(tenders, Refused):
        return tenders.reason
    completed = process.checkout.complete(cart, tenders)
    if isinstance(completed, Refused):
        return completed.reason
    world.acknowledge(machine, completed.order)
    process.register.start_new()
    return f"sold {completed.order.paid_fen}"


def fill(process: Process, draws: Draws) -> None:
    """Scan up to three times; every basket has goods in it afterwards."""
    register = process.register
    for place in range(1 + draws[0] % 3):
        register.scan(SCANS[(draws[0] >> (2 * place + 2)) % len(SCANS)])
    if not register.cart.lines:
        register.add_item(GOODS[draws[0] % len(GOODS)])


def tendered(process: Process, draw: int) -> list[Tender] | Refused:
    """Pay by a wallet, in cash (exactly or with change), or part by part."""
    due = process.checkout.due(process.register.cart)
    if isinstance(due, Refused):
        return due
    wallet = WALLETS[draw % len(WALLETS)]
    match draw % 4:
        case 0:
            return [Tender("cash", due.cash_fen + 5_000)]
        case 1:
            return [Tender("cash", due.wallet_fen)]
        case 2:
            return [Tender(wallet, due.wallet_fen)]
    half = due.wallet_fen // 2
    return [Tender(wallet, half), Tender("cash", due.wallet_fen - half)]


def hold(_world: World, machine: TillMachine, draws: Draws) -> str:
    """Set the basket aside, or take one back."""
    register = process_of(machine).register
    held = register.held()
    if held and not register.cart.lines:
        recalled = register.recall(held[draws[0] % len(held)].number)
        return recalled.reason if isinstance(recalled, Refused) else "recalled"
    number = register.hold()
    return number.reason if isinstance(number, Refused) else "held"


def void(_world: World, machine: TillMachine, _draws: Draws) -> str:
    """Give the basket up."""
    refused = process_of(machine).register.void()
    return refused.reason if refused else "voided"


def write_of_tomorrow(_world: World, machine: TillMachine, draws: Draws) -> str:
    """Journal what this version of the hub cannot read: a new kind, or a body it does not know."""
    till = process_of(machine).till
    kind = "of_tomorrow" if draws[0] % 2 else "sale"
    with disk_faults(till.directory), till.journal.transaction() as db:
        day = day_totals.first_open(db, till.today())
        body = b'{"of":"tomorrow"}'
        draft = Draft(kind, till.new_id(), day, draws[0] % 500, body)
        journals.append(db, till.run, till.stamp(), draft)
    return kind


def print_waiting(_world: World, machine: TillMachine, _draws: Draws) -> str:
    """Print what waits."""
    return str(process_of(machine).worker.print_waiting())


def push(_world: World, machine: TillMachine, _draws: Draws) -> str:
    """Send what is pending to the hub."""
    report = process_of(machine).courier.push()
    refused = "" if report.refused is None else f" {report.refused.reason}"
    closed = f" closed {len(report.closed_runs)}" if report.closed_runs else ""
    return f"{report.acknowledged} of {report.segments}, {report.pending} left{refused}{closed}"


def publish(world: World, _machine: TillMachine, draws: Draws) -> str:
    """Change at the hub what it feeds."""
    return world.hub.publish(draws)


def pull(_world: World, machine: TillMachine, _draws: Draws) -> str:
    """Fetch what the hub feeds."""
    report = process_of(machine).pull()
    if report is None:
        return "unknown"
    refused = "" if report.refused is None else f" {report.refused.reason}"
    return f"{report.rows} rows, {len(report.anew)} anew{refused}"


def decide(world: World, _machine: TillMachine, draws: Draws) -> str:
    """Let the manager at the hub decide about a revoked till."""
    return decisions.decide(world, draws[0])


def enrol(world: World, machine: TillMachine, _draws: Draws) -> str:
    """Close the counter, enrol (or renew the enrolment) with a new code, and open it again."""
    code = world.hub.machine.invite(machine.origin)
    if isinstance(code, Refused):
        return code.reason
    machine.stop()
    enrolled = machine.enrol(code)
    refused = machine.start()
    said = enrolled.reason if isinstance(enrolled, Refused) else f"number {enrolled.number}"
    return said if refused is None else refused.reason


def close_day(_world: World, machine: TillMachine, draws: Draws) -> str:
    """Close the counter, close the newest day (or one that was forgotten), and open it again."""
    days = EndOfDay(process_of(machine).till, hub_unasked()).days()
    day = days[draws[1] % len(days)] if draws[0] % 4 == 0 else days[0]
    machine.stop()
    closed = machine.close_day(day)
    refused = machine.start()
    said = closed.reason if isinstance(closed, Refused) else f"closed {day} with {closed.pending}"
    return said if refused is None else refused.reason


def restart(_world: World, machine: TillMachine, _draws: Draws) -> str:
    """Close the counter and open it again."""
    machine.stop()
    refused = machine.start()
    return "started" if refused is None else refused.reason


def restart_hub(world: World, _machine: TillMachine, _draws: Draws) -> str:
    """Close the hub and open it again."""
    return world.hub.restart()


def copy_till(world: World, machine: TillMachine, draws: Draws) -> str:
    """Keep a copy of a till's disk as it is now, or back the till up."""
    world.copy_till(machine, backup=draws[0] % 2 == 0)
    return "copied"


def copy_hub(world: World, _machine: TillMachine, draws: Draws) -> str:
    """Keep a copy of the hub's disk as it is now, or back the hub up."""
    world.copy_hub(backup=draws[0] % 2 == 0)
    return "copied"


def wait(world: World, machine: TillMachine, draws: Draws) -> str:
    """Let time pass, everywhere."""
    for clock in (world.hub.clock, *(each.clock for each in world.machines)):
        clock.pass_ms(draws[0] % (30 * HOUR_MS))
    return "later"


def process_of(machine: TillMachine) -> Process:
    """Return the running counter of a machine that acts."""
    assert machine.process is not None
    return machine.process


Act = Callable[["World", "TillMachine", Draws], str]
ACTS: dict[str, Act] = {
    "scan": scan,
    "sell": sell,
    "hold": hold,
    "void": void,
    "write of tomorrow": write_of_tomorrow,
    "print": print_waiting,
    "push": push,
    "export": sticks.export,
    "take in": sticks.take_in,
    "hear": sticks.hear,
    "publish": publish,
    "pull": pull,
    "decide": decide,
    "enrol": enrol,
    "close day": close_day,
    "restart": restart,
    "restart hub": restart_hub,
    "copy till": copy_till,
    "copy hub": copy_hub,
    "wait": wait,
}
