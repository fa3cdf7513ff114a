"""Bytes and text of a mail: document, Markdown, HTML, plain text, merge, MIME."""
