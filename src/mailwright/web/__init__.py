"""The dashboard: server-rendered pages behind sign-in."""
