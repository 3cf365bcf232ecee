"""From a bare process to the ratio: a whole `skewwatch snapshot --json` against importing NumPy and scipy.special.

``python -m benchmarks.cold_start`` prints medians over interleaved runs; ``--json`` prints one JSON object as its last
line. The chain is a simulated one of full size, recorded to a file first, so that nothing but the machine is needed.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

BARE = ("-c", "import numpy, scipy.special")
INSTANT = datetime(2025, 5, 13, 17, tzinfo=UTC)


def record(folder: Path) -> tuple[Path, bytes]:
    """Write a full simulated chain as a recorded payload."""
    from monitor.simulation.market import Market  # noqa: PLC0415 - the parent measures children, not itself

    chain = Market().chain_at(INSTANT)
    path = folder / f"{chain.generated:%Y%m%dT%H%M%SZ}.json.gz"
    path.write_bytes(gzip.compress(chain.body, mtime=0))
    return path, chain.body


def run(arguments: tuple[str, ...], environment: dict[str, str]) -> float:
    """Seconds that a process takes, and it must succeed."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True, env=environment)  # noqa: S603 - ours
    return time.perf_counter() - begun


def warm(body: bytes, repeats: int) -> dict[str, float]:
    """Milliseconds from uncompressed bytes to all measures in a process that runs already."""
    from benchmarks.chains import RATES, dividends  # noqa: PLC0415 - see above
    from monitor.sources import cboe  # noqa: PLC0415
    from monitor.sources.payload import Payload  # noqa: PLC0415
    from pricing import take  # noqa: PLC0415

    payload = Payload(body=body, source="cboe", symbol="IWM", fetched_at=INSTANT)
    parsing, whole, contracts = [], [], 0
    for _ in range(repeats + 3):  # the first three fill caches
        begun = time.perf_counter()
        chain = cboe.parse(payload)
        parsed = time.perf_counter()
        take(chain, RATES, dividends())
        whole.append(time.perf_counter() - begun)
        parsing.append(parsed - begun)
        contracts = len(chain)
    return {
        "contracts": contracts,
        "warm_ms": median(whole[3:]) * 1e3,
        "parse_ms": median(parsing[3:]) * 1e3,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path, body = record(Path(folder))
        environment = {**os.environ, "SKEWWATCH_DATA_DIR": folder}
        command = ("-m", "monitor", "snapshot", "--source", f"recorded:{path}", "--json")
        pairs = [(run(command, environment), run(BARE, environment)) for _ in range(options.runs + 1)][1:]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    figures = {
        "cold_seconds": median(cold for cold, _ in pairs),
        "bare_import_seconds": median(bare for _, bare in pairs),
        "ratio": median(cold / bare for cold, bare in pairs),
        "peak_mb": peak,
        **warm(body, 30),
    }
    for name, value in figures.items():
        print(f"{name:>20}  {value:.4g}")
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
