"""The message check: what must hold of the final bytes of a mail, one small rule per id."""

from __future__ import annotations
