"""Header lines as bytes: folded, encoded, and closed to injected newlines.

Our own encoder, because the standard library's output policy (Python 3.11) turns an encoded
`=0D=0A` into a real header. Nothing here trusts its caller: every value is checked again.
"""

from __future__ import annotations
