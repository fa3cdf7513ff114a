"""What a signature costs: `python -m benchmarks.dkim`. Prints a table.

In CPU time, so that neighbours do not count. The floor is the RSA operation itself, which OpenSSL
does; the rest is ours: hashing the body and bringing the headers into their canonical form.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from benchmarks.render import content, recipient
from mailwright.mail.dkim import KEY_BITS, DkimKey, DkimSigner
from mailwright.mail.message import compile_mail

SIZE_BYTES = 15_000


ROUNDS = 300


def microseconds(call: Callable[[], object]) -> float:
    """The best of eight runs, CPU time per call."""
    best = float("inf")
    for _ in range(8):
        started = time.process_time()
        for _ in range(ROUNDS):
            call()
        best = min(best, (time.process_time() - started) / ROUNDS)
    return best * 1e6


def main() -> None:
    """Measures and prints."""
    compiled, ana = compile_mail(content()), recipient()
    whole = compiled.render(ana)
    raw = whole[:SIZE_BYTES].rpartition(b"\r\n")[0] + b"\r\n"
    signer = DkimSigner("example.org", "mw1", DkimKey.generate().private)
    key, padding, digest = generate_private_key(65_537, KEY_BITS), PKCS1v15(), SHA256()
    now = datetime.now(UTC)
    rows = [
        ("RSA-2048 alone", microseconds(lambda: key.sign(raw[:1_500], padding, digest))),
        (f"signing {len(raw)} bytes", microseconds(lambda: signer.signed(raw, now))),
        (f"rendering {len(whole)} bytes", microseconds(lambda: compiled.render(ana))),
        (
            "rendering and signing them",
            microseconds(lambda: signer.signed(compiled.render(ana), now)),
        ),
    ]
    for name, cost in rows:
        print(f"{name:32}{cost:10.1f} µs")


if __name__ == "__main__":
    main()
