"""Runs one command under a time and a memory limit and measures it."""

import os
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass


@dataclass
class Result:
    status: int  # exit status; -N when signal N ended the process
    stdout: str
    stderr: str
    seconds: float
    peak_mb: float  # largest resident set, file-backed pages included; never below the driver's own
    timed_out: bool

    @property
    def died(self):
        """Whether a signal or the time limit ended it, whatever was asked of it."""
        return self.timed_out or self.status < 0

    def summary(self):
        """One line for a report: how it ended and the first error it printed."""
        end = "timed out" if self.timed_out else f"signal {-self.status}" if self.status < 0 else f"exit {self.status}"
        lines = [line for line in self.stderr.splitlines() if line.strip()]
        first = next((line for line in lines if "error:" in line), lines[0] if lines else "")
        return f"{end}: {first.strip()[:240]}" if first else end


def run(command, seconds=60, megabytes=4096, cwd=None):
    """`megabytes` limits the address space, so mapped files count; stdin is empty."""
    limits = f"ulimit -c 0; ulimit -v {megabytes << 10}"
    limited = ["/bin/sh", "-c", limits + '; exec "$@"', "sh", *(str(part) for part in command)]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.monotonic()
        process = subprocess.Popen(
            limited, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=cwd,
            env={**os.environ, "NO_COLOR": "1"})
        expired = threading.Event()

        def expire():
            expired.set()
            process.kill()

        timer = threading.Timer(seconds, expire)
        timer.start()
        _, wait_status, usage = os.wait4(process.pid, 0)
        timer.cancel()
        elapsed = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(wait_status)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read(1 << 20).decode("utf-8", "replace"))
    return Result(process.returncode, *texts, elapsed, usage.ru_maxrss / 1024, expired.is_set())
