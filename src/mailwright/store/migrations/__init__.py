"""Alembic's side of the schema: how it connects, and one file per step in `versions`."""
