"""Mailwright: the sender that can prove what it sent."""

__version__ = "0.1.0"
