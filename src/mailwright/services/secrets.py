"""The installation's one secret: given by the operator, or made once and kept in the data dir."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from mailwright.domain.keys import Keys
from mailwright.errors import ConfigurationError
from mailwright.settings import Settings

FILE_NAME = "secret-key"


def load_keys(settings: Settings) -> Keys:
    """The keys of this installation. Raises ConfigurationError for a secret that is too short."""
    return Keys(load_secret(settings))


def load_secret(settings: Settings) -> str:
    """MAILWRIGHT_SECRET_KEY, else what the data folder keeps, made now if need be."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    path = settings.data_dir / FILE_NAME
    try:
        if not path.exists():
            store_secret(settings, secrets.token_urlsafe(48))
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise ConfigurationError(
            f"The secret in {path} cannot be read: {error.strerror}. "
            "Give this user the data folder, or set MAILWRIGHT_SECRET_KEY."
        ) from error


def store_secret(settings: Settings, secret: str) -> bool:
    """Keeps `secret` in the data folder, readable by its owner only, unless one is there already.

    Complete or absent at any moment, whoever else does the same. Tells whether it was ours.
    """
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = settings.data_dir / FILE_NAME
    handle, unfinished = tempfile.mkstemp(dir=settings.data_dir, prefix=".secret-")  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secret + "\n")
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(unfinished)
    except FileExistsError:
        return False
    finally:
        Path(unfinished).unlink()
    return True
