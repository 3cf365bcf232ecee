"""Does anyone need to hear it? Rules, states, outbox, channels (filled by the alerts issue)."""
