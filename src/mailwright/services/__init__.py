"""One function per use case: checks permission, takes the transaction, returns values."""
