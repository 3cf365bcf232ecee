"""Programs that print figures; run from a checkout, not part of the wheel."""
