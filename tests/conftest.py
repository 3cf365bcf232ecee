"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("skewwatch", deadline=None)  # a shared machine makes single examples slow at random
settings.load_profile("skewwatch")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def realdata() -> Path:
    """Folder of recorded vendors' data, which are not ours to ship: the test is skipped where they are absent."""
    told = os.environ.get("SKEWWATCH_REALDATA")
    folder = Path(told) if told else ROOT.parent / "shared" / "data"
    if not (folder / "cboe").is_dir():
        pytest.skip(f"no recorded vendors' data in {folder}: set SKEWWATCH_REALDATA to run this")
    return folder
