"""The payment codes that visitors show: recognised by wallet, never stored, never shown."""

import re
from dataclasses import dataclass, field

from pos.rules.codes import half_width
from pos.rules.order import Method
from sync.rules.refusal import N_, Refused

# WeChat Pay and Alipay publish their forms; UnionPay and e-CNY are as seen in the trade.
_FORMS: tuple[tuple[Method, re.Pattern[str]], ...] = (
    ("wechat", re.compile(r"1[0-5][0-9]{16}")),
    ("alipay", re.compile(r"(?:2[5-9]|30)[0-9]{14,22}")),
    ("unionpay", re.compile(r"62[0-9]{17}")),
    ("ecny", re.compile(r"01[0-9]{17}")),
)


@dataclass(frozen=True, slots=True)
class WalletCode:
    """A payment code the visitor shows; its digits stay out of every log."""

    method: Method
    code: str = field(repr=False)


def wallet_of(code: str) -> Method | None:
    """Tell which wallet shows codes of this form, if any."""
    return next((method for method, form in _FORMS if form.fullmatch(code)), None)


def read_wallet_code(text: str) -> WalletCode | Refused:
    """Read a payment code while the counter waits for a payment, never otherwise."""
    code = "".join(half_width(text).split())
    method = wallet_of(code)
    if method is None:
        return Refused(
            "payment.not_a_code",
            N_("This is not a payment code."),
            N_("Ask for the payment code in WeChat, Alipay, UnionPay or e-CNY and scan again."),
        )
    return WalletCode(method, code)
