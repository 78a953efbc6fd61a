"""https between tills and their hub: a till that pins a CA believes that one and nobody else."""

import datetime
import ipaddress
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from .conftest import Place, RunningHub
from .shop import booked, sell, stocked

pytestmark = pytest.mark.slow
Places = Callable[..., Place]


@dataclass
class Authority:
    """A CA of a test's own, in a directory with what it issued."""

    directory: Path
    name: str

    def __post_init__(self) -> None:
        self.directory.mkdir()
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._signed(self.name, self.key, None)
        self.file.write_bytes(self.certificate.public_bytes(Encoding.PEM))

    @property
    def file(self) -> Path:
        return self.directory / "ca.pem"

    def issue(self, address: str) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        chain, secret = self.directory / "hub.pem", self.directory / "hub-key.pem"
        chain.write_bytes(self._signed("hub", key, names).public_bytes(Encoding.PEM))
        form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        secret.write_bytes(key.private_bytes(*form))
        return chain, secret

    def _signed(
        self,
        name: str,
        key: ec.EllipticCurvePrivateKey,
        names: x509.SubjectAlternativeName | None,
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        day = datetime.timedelta(days=1)
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - day)
            .not_valid_after(now + day)
            .add_extension(x509.BasicConstraints(ca=names is None, path_length=None), critical=True)
        )
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self.key, hashes.SHA256())


def configure(machine: Place, **hub: object) -> Place:
    lines = [f'{key} = "{value}"' for key, value in hub.items()]
    (machine.directory / "config.toml").write_text("\n".join(["[hub]", *lines, ""]))
    return machine


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority", "Shop CA")


@pytest.fixture
def secure_hub(place: Places, authority: Authority) -> Iterator[RunningHub]:
    chain, secret = authority.issue("127.0.0.1")
    machine = configure(place("hub"), tls_certificate=chain, tls_key=secret)
    hub = RunningHub(machine).start()
    yield hub
    hub.stop()


def test_a_till_pushes_over_https_to_the_hub_of_its_ca(
    place: Places, secure_hub: RunningHub, authority: Authority
) -> None:
    till = configure(stocked(place("till")), ca=authority.file)
    url = f"https://127.0.0.1:{secure_hub.port}"
    till.run("sync", "enrol", secure_hub.invite("ZZ-01"), "--hub", url)
    sale = sell(till)
    till.run("sync", "push")
    assert booked(secure_hub) == {sale["order_id"]: (1, sale["paid_fen"])}


def test_a_hub_of_another_ca_is_not_believed(
    place: Places, secure_hub: RunningHub, authority: Authority, tmp_path: Path
) -> None:
    other = Authority(tmp_path / "other", "Other CA")
    till = configure(stocked(place("till")), ca=other.file)
    url = f"https://127.0.0.1:{secure_hub.port}"
    code = secure_hub.invite("ZZ-01")
    assert "CA" in till.refused("--language", "en", "sync", "enrol", code, "--hub", url)
    configure(till, ca=authority.file)
    till.run("sync", "enrol", code, "--hub", url)  # the code was not used up
    sale = sell(till)
    configure(till, ca=other.file)
    assert "CA" in till.refused("--language", "en", "sync", "push")
    assert till.ask("sync", "status")["hub"] == "alarm"
    assert booked(secure_hub) == {}
    configure(till, ca=authority.file)
    till.run("sync", "push")
    assert booked(secure_hub) == {sale["order_id"]: (1, sale["paid_fen"])}


def test_a_hub_at_another_address_than_its_certificate_names_is_not_believed(
    place: Places, secure_hub: RunningHub, authority: Authority
) -> None:
    till = configure(stocked(place("till")), ca=authority.file)
    url = f"https://localhost:{secure_hub.port}"
    code = secure_hub.invite("ZZ-01")
    assert "CA" in till.refused("--language", "en", "sync", "enrol", code, "--hub", url)


def test_settings_that_contradict_each_other_are_one_line(
    place: Places, hub: RunningHub, authority: Authority, tmp_path: Path
) -> None:
    till = configure(stocked(place("till")), ca=authority.file)
    code = hub.invite("ZZ-01")
    assert "https" in till.refused("sync", "enrol", code, "--hub", hub.url)
    configure(till, ca=tmp_path / "missing.pem")
    assert "missing.pem" in till.refused("sync", "enrol", code, "--hub", "https://127.0.0.1:1")
    (tmp_path / "noise.pem").write_text("noise")
    configure(till, ca=tmp_path / "noise.pem")
    assert "noise.pem" in till.refused("sync", "enrol", code, "--hub", "https://127.0.0.1:1")

    chain, secret = authority.issue("127.0.0.1")
    machine = configure(place("other-hub"), tls_certificate=chain)
    assert "tls_key" in machine.refused("sync", "hub", "--port", "0")
    configure(machine, tls_certificate=secret, tls_key=secret)
    assert "hub-key.pem" in machine.refused("sync", "hub", "--port", "0")
    assert not (machine.directory / "xuanpin" / "hub").exists()


def test_a_hub_that_does_not_speak_https_is_called_so(place: Places, hub: RunningHub) -> None:
    till = stocked(place("till"))
    code = hub.invite("ZZ-01")
    url = hub.url.replace("http:", "https:")
    said = till.refused("--language", "en", "sync", "enrol", code, "--hub", url)
    assert "it does not speak https" in said
