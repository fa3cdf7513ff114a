"""QR codes as pictures."""

from __future__ import annotations


def qr_svg_uri(text: str) -> str:
    """`text` as a QR code: an SVG picture in a `data:` address, as `img` takes it."""
    import segno  # few processes ever draw one

    return segno.make(text, error="m").svg_data_uri(scale=4, border=3, light="#fff")
