"""The formats of history, a module each; see `monitor.backfill`."""
