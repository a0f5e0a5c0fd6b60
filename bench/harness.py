"""What every Python benchmark shares: repeatable timing, peak memory, one JSON line as the result."""

import json
import resource
import sys
import time
from pathlib import Path

project = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(project / "test" / "oracle"), str(project / "test" / "parity")]


def peak_rss_bytes():
    """VmHWM on Linux: getrusage counts what the parent held when it forked, too."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) * 1024
    except OSError:
        # In bytes on macOS, the only other system here.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def nanoseconds_per_call(body, calls, batches):
    """The fastest of several batches of `calls` calls, after one batch to warm up."""
    best = float("inf")
    for batch in range(batches + 1):
        began = time.perf_counter()
        body(calls)
        elapsed = time.perf_counter() - began
        if batch > 0:
            best = min(best, elapsed)
    return best / calls * 1e9


def options():
    """The options of the runner, as JSON in the first argument."""
    return json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}


def result(**fields):
    print(json.dumps({**fields, "peakRssBytes": peak_rss_bytes()}))
