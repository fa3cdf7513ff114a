"""The engine: audiences into the ledger, batches to workers, mails out, outcomes back."""
