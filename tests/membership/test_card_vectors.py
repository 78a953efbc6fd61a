"""Cards against the published vectors: layouts to the byte, verdicts with their reasons."""

import base64
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from membership.rules.card import Card, Trust, sign_card

from .certified import read_card

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "cards.json").read_text("utf-8")
)
KEYS = {
    name: Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key["seed"]))
    for name, key in VECTORS["keys"].items()
}
CERTIFICATE = bytes.fromhex(VECTORS["certificate"]["bytes"])


def named(vector: dict[str, Any]) -> str:
    return str(vector["name"])


@pytest.mark.parametrize("vector", VECTORS["cards"], ids=named)
def test_the_bytes_are_where_the_documentation_says(vector: dict[str, Any]) -> None:
    text = vector["text"].removeprefix("PM1:")
    raw = base64.b32decode(text + "=" * (-len(text) % 8))
    version = {"hub": 1, "till": 2, "provisional": 3}[vector["kind"]]
    certificate = CERTIFICATE if vector["kind"] == "till" else b""
    zero = date(2020, 1, 1)
    content = (
        bytes([version, vector["plan"], vector["center"]])
        + bytes.fromhex(vector["serial"])
        + (date.fromisoformat(vector["from"]) - zero).days.to_bytes(2, "big")
        + (date.fromisoformat(vector["until"]) - zero).days.to_bytes(2, "big")
        + vector["counter"].to_bytes(4, "big")
    )
    assert content.hex() == vector["content"]
    assert raw == content + certificate + bytes.fromhex(vector["signature"])
    assert len(raw) == (191 if certificate else 81)
    signer = KEYS[vector["signer"]].public_key()
    domain = VECTORS["domain"].encode("ascii")
    signer.verify(bytes.fromhex(vector["signature"]), domain + content + certificate)


@pytest.mark.parametrize("vector", VECTORS["cards"], ids=named)
def test_signing_again_makes_the_same_card(vector: dict[str, Any]) -> None:
    card = Card(
        vector["plan"],
        vector["center"],
        vector["serial"],
        date.fromisoformat(vector["from"]),
        date.fromisoformat(vector["until"]),
        vector["counter"],
    )
    certificate = CERTIFICATE if vector["kind"] == "till" else None
    provisional = vector["kind"] == "provisional"
    sign = KEYS[vector["signer"]].sign
    assert sign_card(card, sign, certificate, provisional=provisional) == vector["text"]


def test_the_certificate_is_46_bytes_and_the_hubs_signature() -> None:
    content, signature = CERTIFICATE[:46], CERTIFICATE[46:]
    domain = VECTORS["certificate_domain"].encode("ascii")
    KEYS["hub"].public_key().verify(signature, domain + content)
    number = content[:2]
    assert int.from_bytes(number, "big") == VECTORS["certificate"]["number"]
    assert content[14:].hex() == VECTORS["certificate"]["public_key"]


@pytest.mark.parametrize("vector", VECTORS["verdicts"], ids=named)
def test_a_till_thinks_of_a_card_what_the_vectors_say(vector: dict[str, Any]) -> None:
    public = {name: bytes.fromhex(key["public"]) for name, key in VECTORS["keys"].items()}
    trust = Trust(
        public.get(vector["hub"]),
        public.get(vector["own"]),
        frozenset(vector["revoked"]),
        date.fromisoformat(vector["today"]),
    )
    standing = read_card(vector["text"], trust)
    assert standing.state == vector["state"]
    assert (standing.refused.reason if standing.refused else None) == vector["reason"]
    assert standing.accepted == (vector["reason"] is None)
