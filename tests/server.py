"""Starts the real dashboard for tests that need a server: on a free port, from a neutral folder."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
START_SECONDS = 90.0


@dataclass(frozen=True)
class Server:
    """A running dashboard: its address without a slash at the end, and the file of its output."""

    url: str
    log: Path


@contextmanager
def running_server(
    folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Run ``streamlit run app/main.py`` until the block ends.

    Args:
        folder: Where to start it from; None takes an empty one.
        environment: Added to this process's own.
    """
    with tempfile.TemporaryDirectory() as empty:
        port = free_port()
        server = Server(f"http://127.0.0.1:{port}", Path(empty) / "server.log")
        command = [
            # The script, not `python -m`, which would put the folder on the import path.
            str(Path(sys.executable).with_name("streamlit")),
            "run",
            str(ROOT / "app" / "main.py"),
            f"--server.port={port}",
            "--server.fileWatcherType=none",
        ]
        with server.log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=folder or empty,
                env={**os.environ, **(environment or {})},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            _wait_for_health(server, process)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_for_health(server: Server, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the dashboard did not start:\n{server.log.read_text()}")
