"""The panels beside the cart: what is due, how it came about, for whom, and how things stand."""

import msgspec

from pos.rules.basket import PricedBasket
from pos.rules.cart import Cart
from pos.rules.key_settings import KeySettings, shown_key
from pos.rules.order import Order
from pos.rules.printer_settings import PrinterState
from sync.faces.screen.looks import Tone
from sync.faces.screen.rows import EMPTY, Row, big, fit, pair, right, wrap
from sync.hub_client import STRANGER
from sync.language import Language
from sync.rules.money import format_yuan
from sync.rules.refusal import N_
from sync.services.status import CLOCK_DOUBTFUL, HubState

HUB_WORDS: dict[HubState, tuple[str, Tone]] = {
    "not_enrolled": (N_("not enrolled"), "dim"),
    "unknown": (N_("connecting"), "dim"),
    "reachable": (N_("online"), "good"),
    "unreachable": (N_("offline"), "money"),
    "alarm": (N_("ALARM: tell the manager"), "bad"),
}
_HELD = N_("this till is revoked")
REASON_WORDS = {
    "branch": N_("data copied or put back?"),
    "fork": N_("data copied while selling?"),
    "held": _HELD,
    "hub.held": _HELD,
    "hub.unreachable": "",
    STRANGER: N_("something else answers"),
    "hub.refused": N_("it refuses this till"),
    "hub.untrusted": N_("not its certificate"),
    "reply.forged": N_("another hub answers"),
    CLOCK_DOUBTFUL: N_("its date or ours is wrong"),
}
_OTHER_REASON = N_("its answers are wrong")
PRINTER_WORDS: dict[PrinterState, tuple[str, Tone]] = {
    "none": (N_("on screen only"), "dim"),
    "unasked": (N_("not asked yet"), "dim"),
    "ready": (N_("ready"), "good"),
    "offline": (N_("off or unreachable"), "bad"),
    "silent": (N_("does not answer"), "bad"),
    "paper": (N_("out of paper"), "bad"),
    "cover": (N_("cover is open"), "bad"),
    "error": (N_("out of order"), "bad"),
}


_TROUBLED: frozenset[HubState] = frozenset({"unreachable", "alarm"})
FRESH_MINUTES = 15
OLD_HOURS = 48


class Standing(msgspec.Struct, frozen=True):
    """What goes on beside the sale: the hub, entries it has not got, the printer, what waits.

    `reason` says in slugs what an alarm of the hub is about, or why it is out of reach.
    `fed_age_min` is the age of the oldest of the hub's feeds here, None without any;
    `fed_reason` the slug of what refused the last pull.
    """

    hub: HubState = "unknown"
    reason: str = ""
    pending: int = 0
    printer: PrinterState = "none"
    unprinted: int = 0
    fed_age_min: int | None = None
    fed_reason: str = ""


def total_rows(say: Language, basket: PricedBasket, width: int) -> list[Row]:
    """Return the total, large enough to be read from the other side of the counter."""
    first, second, third = big(format_yuan(basket.total_fen), width)
    return [
        ((say("To pay (yuan)"), "dim"),),
        EMPTY,
        ((right(first, width), "money"),),
        ((right(second, width), "money"),),
        ((right(third, width), "money"),),
    ]


def sum_rows(say: Language, basket: PricedBasket, width: int) -> list[Row]:
    """Return how the total came about."""
    pieces = sum(priced.line.quantity for priced in basket.lines)
    tier_fen = basket.saved_fen - basket.plus_saved_fen
    return [
        pair(say("Pieces"), str(pieces), width),
        pair(say("At retail"), format_yuan(basket.retail_fen, grouped=True), width),
        pair(say("Quantity prices"), _less(tier_fen), width, "good" if tier_fen else "plain"),
        pair(
            say("PLUS prices"),
            _less(basket.plus_saved_fen),
            width,
            "good" if basket.plus_saved_fen else "plain",
        ),
    ]


def member_rows(
    say: Language, cart: Cart, basket: PricedBasket, keys: KeySettings, width: int, could_fen: int
) -> list[Row]:
    """Return whose prices apply; for a visitor without PLUS, what joining would save now."""
    saved = pair(say("Saved by PLUS now"), format_yuan(basket.plus_saved_fen), width, "good")
    if cart.join is not None:
        label = f"****{cart.join.last4}" if cart.join.last4 else ""
        return [
            pair(say("New member {label}", label=label).rstrip(), "★ PLUS", width, "money"),
            pair(say("Valid once paid"), "", width),
            saved,
        ]
    if cart.member is not None:
        return [
            pair(cart.member.label, "★ PLUS", width, "money"),
            pair(say("Valid until"), cart.member.until, width),
            saved,
        ]
    nudge: Row = (
        ((say("Joining PLUS saves {sum} now", sum=format_yuan(could_fen)), "money"),)
        if could_fen
        else EMPTY
    )
    return [
        pair(say("Member"), say("none"), width),
        (
            (f"{shown_key(keys, 'member')} ", "bar_key"),
            (say("Card/phone") + "  ", "dim"),
            (f"{shown_key(keys, 'join')} ", "bar_key"),
            (say("Join PLUS"), "dim"),
        ),
        nudge,
    ]


def state_rows(say: Language, standing: Standing, held: int, width: int) -> list[Row]:
    """Return how things stand: held carts, printer, hub."""
    word, tone = PRINTER_WORDS[standing.printer]
    waiting = say("{count} waiting", count=standing.unprinted)
    hub, hub_tone = HUB_WORDS[standing.hub]
    pending = (
        say("{count} to send", count=standing.pending) if standing.pending else say("all sent")
    )
    why = [REASON_WORDS.get(each, _OTHER_REASON) for each in standing.reason.split()]
    reasons: list[Row] = [((fit(say(word), width), "dim"),) for word in dict.fromkeys(why) if word]
    return [
        pair(say("Held"), str(held), width, "money" if held else "dim"),
        pair(say("Printer"), f"● {say(word)}", width, tone),
        *([pair(say("To print"), waiting, width, "money")] if standing.unprinted else []),
        pair(say("Hub"), f"● {say(hub)}", width, hub_tone),
        *(reasons if standing.hub in _TROUBLED else []),
        *_fed_rows(say, standing, width),
        pair(say("Entries"), pending, width, "money" if standing.pending else "dim"),
    ]


def _fed_rows(say: Language, standing: Standing, width: int) -> list[Row]:
    """Return how old the goods, prices and members are that the hub feeds."""
    if standing.fed_reason.startswith("feed."):
        alarm = say("ALARM")
        return [pair(say("Prices"), f"● {alarm}", width, "bad")]
    if standing.fed_age_min is None:
        return []
    minutes = standing.fed_age_min
    if minutes < FRESH_MINUTES:
        return [pair(say("Prices"), say("up to date"), width, "dim")]
    if minutes < 60:
        return [pair(say("Prices"), say("{count} min old", count=minutes), width)]
    hours = minutes // 60
    if hours < OLD_HOURS:
        return [pair(say("Prices"), say("{count} h old", count=hours), width, "money")]
    return [pair(say("Prices"), say("{count} days old", count=hours // 24), width, "bad")]


def last_rows(say: Language, order: Order | None, keys: KeySettings, width: int) -> list[Row]:
    """Return the sale before this one, which people still ask about."""
    if order is None:
        return []
    return [
        pair(say("Last sale"), format_yuan(order.paid_fen), width),
        pair(say("Change"), format_yuan(order.change_fen), width, "money"),
        ((say("{key}: receipt and reprint", key=shown_key(keys, "receipt")), "dim"),),
    ]


def begin_rows(say: Language, keys: KeySettings, width: int, *, demo: bool) -> list[Row]:
    """Return how to begin, shown where the cart is still empty."""
    steps = (
        (
            N_("Scan"),
            N_("Scan the goods, or type a code, a name or pinyin initials (like xymj) and Enter."),
        ),
        (
            N_("PLUS"),
            N_("{member} finds a member; {join} makes a new one: member prices at once."),
        ),
        (
            N_("Pay"),
            N_("Enter on the empty line, or {pay}: cash, WeChat, Alipay … then a receipt."),
        ),
    )
    named = {
        name: shown_key(keys, name) for name in ("member", "join", "pay", "help", "quick", "find")
    }
    rows: list[Row] = [EMPTY, (("   " + say("A new sale"), "accent"),), EMPTY]
    for number, (head, text) in enumerate(steps, 1):
        lines = wrap(say(text, **named), max(width - 16, 20))
        rows.append(
            (
                (f"   {number}  ", "bar_key"),
                (right(say(head), 5) + "   ", "strong"),
                (lines[0], "plain"),
            )
        )
        rows += [((" " * 14 + line, "plain"),) for line in lines[1:]]
        rows.append(EMPTY)
    tip = say("{quick}: bags and goods without a barcode · {help}: all keys", **named)
    rows.append((("   " + tip, "dim"),))
    if demo:
        trial = say("Demo goods: type xymj, hlt or dksj; {find} and 9521 lists all.", **named)
        rows += [EMPTY, (("   " + trial, "money"),)]
    return rows


def _less(fen: int) -> str:
    return f"-{format_yuan(fen, grouped=True)}" if fen else format_yuan(0)
