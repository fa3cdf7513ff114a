"""The look of a mail: one column of 600 px on a quiet ground, system fonts, light and dark.

`RULES` are inlined into every element (Gmail cuts the style sheets of some accounts away, Outlook
reads half of them); `MEDIA` stays a style sheet, for phones and dark mode: clients that know those
also know style sheets.
"""

from __future__ import annotations

WIDTH_PX = 600
PADDING_PX = 40
CONTENT_PX = WIDTH_PX - 2 * PADDING_PX

FONTS = "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
CODE_FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Courier New', monospace"

GROUND = "#f1f3f5"
PAPER = "#ffffff"
INK = "#24292f"
STRONG_INK = "#0f172a"
FAINT_INK = "#6b7280"
LINE = "#e5e7eb"
ACCENT = "#2451d6"

RULES = f"""
.t p {{ margin: 0 0 18px; font-size: 16px; line-height: 27px; }}
.t h1 {{ margin: 10px 0 18px; font-size: 30px; line-height: 38px; font-weight: 700;
  letter-spacing: -0.4px; color: {STRONG_INK}; }}
.t h2 {{ margin: 32px 0 12px; font-size: 22px; line-height: 30px; font-weight: 700;
  letter-spacing: -0.2px; color: {STRONG_INK}; }}
.t h3 {{ margin: 24px 0 10px; font-size: 18px; line-height: 26px; color: {STRONG_INK}; }}
.t h4 {{ margin: 12px 0 8px; font-size: 16px; line-height: 24px; color: {STRONG_INK}; }}
.t h5 {{ margin: 12px 0 8px; font-size: 14px; line-height: 22px; color: {STRONG_INK}; }}
.t h6 {{ margin: 12px 0 8px; font-size: 13px; line-height: 20px; color: {FAINT_INK}; }}
.t a {{ color: {ACCENT}; text-decoration: underline; }}
.t ul, .t ol {{ margin: 0 0 18px; padding: 0 0 0 26px; font-size: 16px; line-height: 27px; }}
.t li {{ margin: 0 0 6px; }}
.t li p {{ margin: 0 0 6px; }}
.t li ul, .t li ol {{ margin: 6px 0 0; }}
.t blockquote {{ margin: 6px 0 24px; padding: 2px 0 2px 20px; border-left: 4px solid {ACCENT};
  color: #4b5563; }}
.t blockquote p {{ margin: 0 0 8px; font-size: 17px; line-height: 28px; color: #4b5563; }}
.t pre {{ margin: 0 0 18px; padding: 16px 18px; border-radius: 8px; background-color: #f4f6f8;
  font-family: {CODE_FONTS}; font-size: 14px; line-height: 22px; color: {STRONG_INK};
  white-space: pre-wrap; word-break: break-word; }}
.t img {{ max-width: 100%; height: auto; border: 0; border-radius: 8px; }}
.t hr {{ margin: 8px 0 24px; border: 0; border-top: 1px solid {LINE}; }}
.t .s {{ display: inline-block; margin: 0 3px 8px; padding: 6px 16px; border: 1px solid #d1d5db;
  border-radius: 18px; font-size: 14px; line-height: 20px; color: #374151; text-decoration: none; }}
.t .c {{ margin: 4px 0 22px; padding: 18px 20px; border-radius: 8px; background-color: #eef3ff;
  text-align: center; color: {STRONG_INK}; }}
"""

MEDIA = """
@media only screen and (max-width: 479px) {
  .card { border-radius: 0 !important; }
  .t { padding-left: 24px !important; padding-right: 24px !important; }
  .t h1 { font-size: 26px !important; line-height: 33px !important; }
}
@media (prefers-color-scheme: dark) {
  body, .ground { background-color: #0f1115 !important; }
  .card, .card > table { background: #1a1d23 !important; background-color: #1a1d23 !important; }
  .t, .t div, .t p, .t li, .t ul, .t ol { color: #e3e6ea !important; }
  .t h1, .t h2, .t h3, .t h4, .t h5 { color: #ffffff !important; }
  .t blockquote, .t blockquote p, .t h6 { color: #b4bac4 !important; }
  .t a { color: #9db8ff !important; }
  .t pre { background-color: #262a32 !important; color: #e3e6ea !important; }
  .t .c { background-color: #232c44 !important; }
  .t .s { color: #e3e6ea !important; border-color: #4a505c !important; }
  .n, .n p, .n li, .n h1, .n h2, .n h3, .n h4, .n h5, .n h6 { color: #24292f !important; }
  .n a { color: #2451d6 !important; }
  .foot, .foot a { color: #9aa1ad !important; }
}
"""
