"""`xuanpin pos receipt` beside a counter and alone; what is rendered comes from the till."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from msgspec import structs

from membership.rules.plan import PlanSettings
from pos.faces.receipt_commands import receipt_command
from pos.rules.blocks import QrCode, Row
from pos.rules.escpos_reader import read_blocks, read_text
from pos.rules.order import Order
from pos.rules.printer_settings import PrinterSettings
from pos.rules.receipt_number import grouped
from pos.rules.receipt_token import PREFIX
from pos.rules.settings import OrderLinkSettings
from pos.rules.tender import Tender
from pos.services.checkout import Checkout, Completed
from pos.services.receipts import render
from pos.services.register import Register
from pos.stores import print_jobs
from sync.rules.refusal import Refused
from sync.services.till import OpenTill
from sync.setup import Setup
from tests.pos.receipt_codes import read_token, signed_bytes
from tests.pos.stocked_till import TEA_CODE, SetClock, make_test_setup, opened, stock


def sold(till: OpenTill, *, join: bool = False) -> Order:
    register = Register(till, keep=False)
    assert not isinstance(register.scan(TEA_CODE), Refused)
    if join:
        assert register.join(None) is None
    done = Checkout(till).complete(register.cart, [Tender("cash", 300_00)])
    assert isinstance(done, Completed)
    return done.order


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return make_test_setup(tmp_path)


@pytest.fixture
def order(setup: Setup) -> Order:
    """Return a sale to a new member, made by a counter that has closed."""
    with opened(setup) as till:
        stock(till)
        return sold(till, join=True)


def having(setup: Setup, **printer: object) -> Setup:
    settings = setup.settings
    return structs.replace(
        setup,
        settings=settings.having(structs.replace(settings.get(PrinterSettings), **printer)),
    )


def run(setup: Setup, *arguments: str) -> Result:
    return CliRunner().invoke(receipt_command, arguments, obj=setup)


def test_the_text_shows_the_sale_and_is_no_copy(setup: Setup, order: Order) -> None:
    shown = run(setup, grouped(order.receipt_no))
    assert shown.exit_code == 0
    assert "Xinyang Maojian" in shown.stdout
    assert order.receipt_no in shown.stdout
    assert "PLUS membership, one year" in shown.stdout
    assert "COPY" not in shown.stdout


@pytest.mark.parametrize("at_ms", [0, 1_577_000_000_000])
def test_a_till_whose_clock_was_lost_sells_and_shows_its_receipts(
    tmp_path: Path, at_ms: int
) -> None:
    setup = make_test_setup(tmp_path, SetClock(at_ms))
    with opened(setup) as till:
        stock(till)
        order = sold(till)
    shown = run(setup, order.receipt_no)
    assert shown.exit_code == 0, shown.output
    assert order.receipt_no in shown.stdout


def test_bytes_that_a_printer_could_take_are_marked_as_a_copy(setup: Setup, order: Order) -> None:
    result = run(setup, order.receipt_no, "--format", "escpos")
    assert "*** COPY ***" in read_text(result.stdout_bytes)
    assert b"\x1bp" not in result.stdout_bytes


def test_a_picture_goes_to_a_file(setup: Setup, order: Order, tmp_path: Path) -> None:
    path = tmp_path / "receipt.png"
    result = run(setup, order.receipt_no, "--format", "png", "--output", str(path))
    if "There is no Chinese font" in result.stderr:
        pytest.skip("no Chinese font on this machine")
    assert result.exit_code == 0
    assert path.read_bytes().startswith(b"\x89PNG")
    assert result.stdout == ""


def test_the_card_is_a_slip_of_its_own(setup: Setup, order: Order) -> None:
    assert order.card is not None
    result = run(setup, order.receipt_no, "--card", "--format", "escpos")
    codes = [b.text for b in read_blocks(result.stdout_bytes) if isinstance(b, QrCode)]
    assert codes == [order.card.card]
    slip = read_text(result.stdout_bytes)
    assert "PROVISIONAL CARD" in slip
    assert PlanSettings().refund_rule_en in " ".join(slip.split())


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["123"], "not a receipt number"),
        (["26112200000420000007"], "no receipt 261122 000 0042 0000007"),
        (["NUMBER", "--output", "no/such/place"], "cannot be written"),
        (["NUMBER", "--print"], "No printer is set up"),
    ],
)
def test_refusals_are_one_line(
    setup: Setup, order: Order, arguments: list[str], problem: str
) -> None:
    result = run(setup, *(order.receipt_no if a == "NUMBER" else a for a in arguments))
    assert result.exit_code == 2
    assert problem in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_a_sale_without_a_card_has_no_card_slip(setup: Setup) -> None:
    with opened(setup) as till:
        stock(till)
        plain = sold(till)
    result = run(setup, plain.receipt_no, "--card")
    assert result.exit_code == 2
    assert "sold no PLUS card" in result.stderr


def newest_job(setup: Setup, order: Order) -> tuple[object, ...]:
    with opened(setup, selling=False) as till:
        newest = print_jobs.of_order(till.journal.read(), order.order_id)[-1]
        row: tuple[object, ...] = (
            till.journal.read()
            .execute(
                "SELECT id, document, state, copy, asked FROM print_job WHERE id = ?", [newest]
            )
            .fetchone()
        )
    return row


def test_printing_again_prints_at_once_behind_what_waited(
    setup: Setup, order: Order, tmp_path: Path
) -> None:
    paper = tmp_path / "paper"
    printing = having(setup, transport="file", address=str(paper))
    result = run(printing, order.receipt_no, "--print", "--card")
    assert result.exit_code == 0
    assert "was printed again" in result.stdout
    assert newest_job(setup, order) == (3, "card", "done", 1, 1)
    text = read_text(paper.read_bytes())
    assert text.index("PLUS CARD") < text.index("*** COPY ***")


def test_printing_again_waits_for_a_printer_that_is_off(
    setup: Setup, order: Order, tmp_path: Path
) -> None:
    off = having(setup, transport="file", address=str(tmp_path / "no" / "printer"))
    result = run(off, order.receipt_no, "--print")
    assert result.exit_code == 0
    assert "The printer is not ready" in result.stdout
    assert newest_job(setup, order) == (3, "receipt", "waiting", 1, 1)
    answered = run(off, order.receipt_no, "--print", "--json")
    assert json.loads(answered.stdout) == {
        "receipt_no": order.receipt_no,
        "job_ids": [4],
        "printed": False,
    }


def test_json_carries_the_text_or_names_the_file(
    setup: Setup, order: Order, tmp_path: Path
) -> None:
    shown = json.loads(run(setup, order.receipt_no, "--json").stdout)
    assert shown == {"receipt_no": order.receipt_no, "text": run(setup, order.receipt_no).stdout}
    path = tmp_path / "receipt.bin"
    written = run(setup, order.receipt_no, "--json", "--format", "escpos", "--output", str(path))
    assert json.loads(written.stdout) == {"receipt_no": order.receipt_no, "file": str(path)}
    assert path.stat().st_size
    refused = run(setup, order.receipt_no, "--json", "--format", "escpos")
    assert refused.exit_code == 2
    assert json.loads(refused.stdout)["refused"] == "receipt.needs_file"
    assert json.loads(run(setup, "123", "--json").stdout)["refused"].startswith("receipt")


def test_beside_a_counter_receipts_are_shown_but_printed_there(
    setup: Setup, order: Order, tmp_path: Path
) -> None:
    printing = having(setup, transport="file", address=str(tmp_path / "paper"))
    with opened(setup) as counter:
        before = print_jobs.unfinished(counter.journal.read())
        assert run(setup, order.receipt_no).exit_code == 0
        refused = run(printing, order.receipt_no, "--print")
        assert refused.exit_code == 2
        assert "Print it again there with F10" in refused.stderr
        assert print_jobs.unfinished(counter.journal.read()) == before


def texts(data: bytes) -> list[str]:
    return [block.text for block in read_blocks(data) if isinstance(block, Row)]


def test_the_receipt_s_token_is_signed_by_the_till(setup: Setup, order: Order) -> None:
    with opened(setup, selling=False) as till:
        data = render(till, order, "receipt", copy=False)
        public, install = till.keys.public, till.keys.install
    (code,) = [block.text for block in read_blocks(data) if isinstance(block, QrCode)]
    assert code.startswith(PREFIX)
    token = read_token(signed_bytes(code), public)
    assert (token.install, token.order_id) == (install, order.order_id)
    assert token.paid_fen == order.paid_fen


def test_a_page_s_address_stands_before_the_token(setup: Setup, order: Order) -> None:
    page = OrderLinkSettings(receipt_url="https://example.com/r/{token}")
    linked = structs.replace(setup, settings=setup.settings.having(page))
    with opened(linked, selling=False) as till:
        data = render(till, order, "receipt", copy=False)
    (code,) = [block.text for block in read_blocks(data) if isinstance(block, QrCode)]
    assert code.startswith("https://example.com/r/XR1:")
    assert "Scan to see this sale and ask for an invoice" in texts(data)


def test_the_paper_s_width_demo_and_center_come_from_the_setup(setup: Setup, order: Order) -> None:
    demo = structs.replace(having(setup, width=58), demo=True)
    with opened(demo, selling=False) as till:
        lines = texts(render(till, order, "receipt", copy=False))
        elsewhere = structs.replace(order, center="closed-long-ago")
        assert "closed-long-ago" in texts(render(till, elsewhere, "receipt", copy=False))
    assert lines[0] == "1688 Selection Center Zhengzhou"
    assert "DEMO: NOT A REAL SALE" in lines
    assert "-" * 32 in lines


def test_a_member_with_a_phone_is_masked(setup: Setup, order: Order) -> None:
    assert order.card is not None
    with opened(setup) as till:
        assert f"Member {order.card.serial}" in " ".join(
            texts(render(till, order, "receipt", copy=False))
        )
        with till.journal.transaction() as db:
            db.execute("UPDATE membership SET last4 = '1234'")
        lines = " ".join(texts(render(till, order, "receipt", copy=False)))
    assert "Member ****1234" in lines
    assert order.card.serial not in lines
