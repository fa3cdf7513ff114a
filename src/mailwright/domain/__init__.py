"""Rules and values. No input or output, no clock."""
