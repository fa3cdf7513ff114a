"""The engine: fan-out, batches, compile, throttle, recorder."""
