"""Cakemail's API over the same campaigns, lists, contacts and mails (vendors.md 1).

To add a noun, copy `lists.py` (routes) with `list_shapes.py` (form), and name its router in
`application.ROUTERS`.
"""
