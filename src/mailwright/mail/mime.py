"""A message as bytes: multipart/alternative in the form that DKIM and every relay leave alone."""

from __future__ import annotations
