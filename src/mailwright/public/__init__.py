"""What strangers reach: open pixel, click redirect, unsubscribe, view in browser."""
