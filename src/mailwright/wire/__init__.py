"""Sockets without a database: the SMTP client and the SMTP listener."""
