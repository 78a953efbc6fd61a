"""TLS between tills and their hub: the hub's certificate, and the one CA that a till believes."""

from __future__ import annotations

import ssl
from pathlib import Path

from sync.rules.refusal import N_, Refused


def trusting_only(ca: Path) -> ssl.SSLContext | Refused:
    """Return what believes certificates of this CA alone, whatever the system believes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        return Refused(
            "hub.bad_ca",
            N_("The file of the hub's CA, {path}, cannot be used: {problem}."),
            N_("Set [hub] ca to the CA's certificate in PEM."),
            {"path": ca, "problem": _problem(error)},
        )
    return context


def check_server_files(certificate: Path, key: Path) -> Refused | None:
    """Refuse a certificate and key with which no hub could serve."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        return Refused(
            "hub.bad_tls",
            N_("The hub cannot serve https with {certificate} and {key}: {problem}."),
            N_("Set [hub] tls_certificate and tls_key to files in PEM that belong together."),
            {"certificate": certificate, "key": key, "problem": _problem(error)},
        )
    return None


def is_distrust(error: BaseException) -> bool:
    """Tell whether a connection failed because the other side's certificate is not believed."""
    return _is_caused_by(error, ssl.SSLCertVerificationError)


def is_no_https(error: BaseException) -> bool:
    """Tell whether a connection failed before the other side showed a certificate."""
    return _is_caused_by(error, ssl.SSLError) and not is_distrust(error)


def _is_caused_by(error: BaseException, kind: type[ssl.SSLError]) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, kind):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _problem(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "it holds no certificate").replace("_", " ").lower()
    return error.strerror or str(error)
