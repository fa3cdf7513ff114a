"""Whether a web server has a certificate for a host: one TLS handshake, and not a byte more."""

from __future__ import annotations

import asyncio
import ssl

HANDSHAKE_SECONDS = 3.0


async def certificate_problem(
    address: str, port: int, host: str, *, context: ssl.SSLContext | None = None
) -> str | None:
    """Why a browser would not trust the server at `address` to be `host`, or None.

    None, too, where nobody answers: from inside a network its own public address often cannot
    be reached, and that is no fault of the certificate.
    """
    context = context or ssl.create_default_context()
    try:
        async with asyncio.timeout(HANDSHAKE_SECONDS):
            _, writer = await asyncio.open_connection(
                address, port, ssl=context, server_hostname=host
            )
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    except (OSError, TimeoutError):
        return None
    writer.close()
    return None
