"""The native HTTP API, one file per noun."""
