"""Keys that sign, parsed once in a process: taking one apart costs as much as a signature."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from mailwright.mail.dkim import DkimSigner

KEPT = 1_000  # the one unused for longest is forgotten first


class SignerCache:
    """Signers by the id of their key. A key never changes, so nothing here grows old."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, DkimSigner] = OrderedDict()

    def get(self, key_id: int, make: Callable[[], DkimSigner]) -> DkimSigner:
        """The signer of that key, made now if it is new here."""
        signer = self._kept.get(key_id)
        if signer is None:
            signer = self._kept[key_id] = make()
        self._kept.move_to_end(key_id)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return signer
