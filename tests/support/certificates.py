"""Certificates for tests, by the openssl program."""

from __future__ import annotations

import subprocess
from pathlib import Path


def make_certificate(folder: Path, name: str, host: str) -> tuple[Path, Path]:
    """Make a certificate that signs itself; returns its file and that of its key.

    Args:
        folder: where to put them.
        name: their name without suffix.
        host: the address or name it is for.
    """
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    kind = "IP" if host.replace(".", "").isdigit() else "DNS"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", f"/CN={host}", "-addext", f"subjectAltName={kind}:{host}"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key
