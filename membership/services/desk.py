"""The membership desk of a till: who is this, is this card good, who may sell cards here."""

import secrets
from collections.abc import Callable

from membership.rules import card as cards
from membership.rules import revocation
from membership.rules.card import (
    PROVISIONAL,
    SERIAL_BYTES,
    CardStanding,
    Confirmation,
    SignedCard,
    Trust,
)
from membership.rules.fed_member import FedMember
from membership.rules.grant import Authority, Issuer
from membership.rules.member import Member, best, member_of
from membership.rules.phone import (
    ENTROPY_BYTES,
    PhoneToken,
    normalise,
    phone_hash,
    phone_token,
)
from membership.stores import members
from membership.stores.fed import fed_member_with
from membership.stores.members import Kept
from sync.rules import certificate as certificates
from sync.rules.refusal import N_, Refused
from sync.services.till import OpenTill
from sync.stores import feeds
from sync.stores.revoked_tills import sold_after_revocation

_SERIAL_DIGITS = 2 * SERIAL_BYTES


class Desk:
    """What the counter and the commands ask about members; it reads, and never writes.

    Memberships are granted inside the sale's own transaction, by the sale.
    """

    def __init__(
        self, till: OpenTill, entropy: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        """Serve one open till; `entropy` returns that many random bytes."""
        self._till = till
        self._entropy = entropy

    def find(self, text: str) -> Member | Refused:
        """Return the member whose card or phone number this is, if PLUS prices apply.

        Refused with the reason when they do not: the sale then goes on at retail prices.
        """
        serial = _serial(text)
        if serial and (not serial.isdigit() or self._kept(serial)):
            return _SERIAL_IS_NO_CARD
        member = self._by_card(text) if cards.looks_like_card(text) else self._by_phone(text)
        if isinstance(member, Refused):
            return member
        return member.refused or member

    def member_with(self, hashed: str) -> Member | None:
        """Return the member with this keyed phone hash whose membership is valid, if any."""
        member = self._by_hash(hashed)
        return None if member is None or member.refused else member

    def look_up(self, text: str) -> Member | Refused:
        """Return a member in any state by card, serial or phone number.

        A serial is not secret (it stands on receipts), so it looks up and never attaches.
        """
        if cards.looks_like_card(text):
            return self._by_card(text)
        serial = _serial(text)
        return self._by_serial(serial) if serial else self._by_phone(text)

    def standing(self, card_text: str) -> CardStanding:
        """Say what this till thinks of a card today."""
        signed = cards.decode_card(card_text)
        if isinstance(signed, Refused):
            return CardStanding("invalid", None, signed)
        return cards.standing_of(signed, self._trust(signed))

    def revocations_age_s(self) -> int | None:
        """Return how old the list of revoked cards is, in seconds; None before it ever came.

        Where the hub has revoked nothing yet, it is as old as the last pull that went well.
        """
        reference = self._till.reference.read()
        kept = feeds.cursors(reference).get(revocation.FEED)
        pulled = feeds.last_pull(reference)
        if kept is not None:
            as_of_ms = kept.current_ms
        elif pulled is not None and not pulled.reason:
            as_of_ms = pulled.tried_ms
        else:
            return None
        return max(0, self._till.now_ms() - as_of_ms) // 1000

    def token(self, phone: str) -> PhoneToken | Refused:
        """Turn a phone number into what may be kept of it; refused until enrolled."""
        number = normalise(phone)
        if isinstance(number, Refused):
            return number
        enrolment, phone_key = self._till.enrolment, self._till.phone_key
        if enrolment is None or phone_key is None:
            return _NOT_ENROLLED
        entropy = self._entropy(ENTROPY_BYTES)
        return phone_token(number, phone_key, enrolment.hub_seal_public, entropy)

    def issuer(self) -> Issuer | Refused:
        """Say who signs the cards sold here; refused if the till's center is not configured."""
        enrolment = self._till.enrolment
        if enrolment is None:
            center = self._till.setup.center()
            if isinstance(center, Refused):
                return center
            return Issuer(self._till.keys.sign, center.number, None)
        certificate = certificates.read(enrolment.certificate, enrolment.hub_public)
        if isinstance(certificate, Refused):
            return Issuer(self._till.keys.sign, enrolment.center, None)
        authority = Authority(enrolment.certificate, certificate)
        return Issuer(self._till.keys.sign, certificate.center, authority)

    def new_serial(self) -> str:
        """Draw the serial of a new card: 12 random hex digits."""
        return self._entropy(SERIAL_BYTES).hex()

    def _by_card(self, text: str) -> Member | Refused:
        standing = self.standing(text)
        card = standing.card
        kept = self._kept(card.serial) if card else None
        return member_of(standing, kept.last4 if kept else "")

    def _by_serial(self, serial: str) -> Member | Refused:
        kept = self._kept(serial)
        return self._member(kept) if kept else _UNKNOWN_SERIAL

    def _by_phone(self, text: str) -> Member | Refused:
        number = normalise(text)
        if isinstance(number, Refused):
            return _NEITHER if any(each.isalpha() for each in text) else number
        key = self._till.phone_key
        if key is None:
            return _NOT_ENROLLED
        return self._by_hash(phone_hash(number, key)) or _UNKNOWN_PHONE

    def _by_hash(self, hashed: str) -> Member | None:
        kept = [
            *members.by_phone_hash(self._till.journal.read(), hashed),
            *members.by_phone_hash(self._till.reference.read(), hashed),
        ]
        found = [member for each in kept if isinstance(member := self._member(each), Member)]
        return best(found)

    def _member(self, kept: Kept) -> Member | Refused:
        return member_of(self.standing(kept.card), kept.last4)

    def _kept(self, serial: str) -> Kept | None:
        return members.by_serial(self._till.journal.read(), serial) or members.by_serial(
            self._till.reference.read(), serial
        )

    def _trust(self, signed: SignedCard) -> Trust:
        enrolment = self._till.enrolment
        reference = self._till.reference.read()
        card = signed.card
        told = None if signed.seller else fed_member_with(reference, card.serial)
        seller = told.seller if told else signed.seller
        return Trust(
            hub_public=enrolment.hub_public if enrolment else None,
            own_public=self._till.keys.public,
            revoked=members.revoked_serials(reference, [card.serial]),
            today=self._till.certain_day(),
            seller_revoked=sold_after_revocation(reference, seller, card.counter),
            confirmation=_confirmation(signed, told),
        )


def _confirmation(signed: SignedCard, told: FedMember | None) -> Confirmation | None:
    """Return what the hub feeds of a provisional card, if anything."""
    if signed.version != PROVISIONAL or told is None:
        return None
    by_hub = cards.decode_card(told.card)
    if not isinstance(by_hub, SignedCard):
        return None
    return Confirmation(by_hub, bytes.fromhex(told.sold_by))


_NOT_ENROLLED = Refused(
    "phone.not_enrolled",
    N_("This till cannot use phone numbers yet: it is not enrolled."),
    N_("Enrol it with a code from the hub, or use the card alone."),
)
_UNKNOWN_PHONE = Refused(
    "member.unknown_phone",
    N_("No member with this phone number is known at this till."),
    N_("Scan the PLUS card: it is recognised wherever it was sold."),
)


def _serial(text: str) -> str:
    """Return the serial that a text is, or nothing."""
    serial = text.strip().lower()
    digits = set("0123456789abcdef")
    return serial if len(serial) == _SERIAL_DIGITS and set(serial) <= digits else ""


_NEITHER = Refused(
    "member.unreadable",
    N_("This is neither a PLUS card nor a phone number."),
    N_("Scan the code on the card, or type the 11 digits of the phone number."),
)
_SERIAL_IS_NO_CARD = Refused(
    "member.serial_only",
    N_("That is the serial of a card; it stands on receipts, so it attaches nobody."),
    N_("Scan the PLUS card, or type the member's phone number."),
)
_UNKNOWN_SERIAL = Refused(
    "member.unknown_serial",
    N_("No member with this serial is known at this till."),
    N_("Scan the PLUS card: it is recognised wherever it was sold."),
)
