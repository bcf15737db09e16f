"""The process that draws pictures of latent spaces: ``python -m app.projector_process``.

``app.projector_worker`` starts it and speaks with it through its standard input and output. Each
request is a line of JSON, a ``ProjectionSpec``, and the points. Each answer is a line of JSON:

- ``{"stage": "ready"}`` once, when the process can take requests;
- ``{"stage": "loading"}`` where a library has to be imported, then ``{"stage": "drawing"}``;
- ``{"error": "..."}``, a sentence for the user, or ``{"failed": "..."}``, a traceback for the log;
- ``{"done": {...}}``, and the coordinates.

Points and coordinates are a line of JSON, their shape, and their float32 values row by row.

The process ends when its input is closed, so it does not outlive the server however that ends.
"""

import json
import math
import os
import queue
import signal
import sys
import threading
import traceback
from dataclasses import asdict
from typing import IO, Any

import numpy as np

from core.analysis.projections import (
    METHODS,
    Floats,
    Projection,
    ProjectionSpec,
    load_library,
    project,
)
from core.types import LabError


class Answers:
    """Writes answers; keeps everything else that is printed away from them."""

    def __init__(self) -> None:
        self._stream: IO[bytes] = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
        # What a library prints goes to the server's log.
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def tell(self, **answer: Any) -> None:  # noqa: ANN401 - any plain value
        """Send one line."""
        self._stream.write(json.dumps(answer).encode() + b"\n")
        self._stream.flush()

    def give(self, projection: Projection) -> None:
        """Send a finished picture."""
        rest = {
            "spec": asdict(projection.spec),
            "trust": projection.trust,
            "baseline": projection.baseline,
            "seconds": projection.seconds,
            "fingerprint": projection.fingerprint,
        }
        self._stream.write(json.dumps({"done": rest}).encode() + b"\n")
        write_floats(self._stream, projection.coordinates)
        self._stream.flush()


def write_floats(stream: IO[bytes], floats: Floats) -> None:
    """Write an array of any shape; numpy's own format wants a file, and this may be a pipe."""
    stream.write(json.dumps(floats.shape).encode() + b"\n")
    stream.write(np.ascontiguousarray(floats, np.float32).tobytes())


def read_floats(stream: IO[bytes]) -> Floats:
    """Read what ``write_floats`` wrote.

    Raises:
        ValueError: The stream ended in the middle of it.
    """
    shape = tuple(json.loads(stream.readline()))
    content = stream.read(4 * math.prod(shape))
    return np.frombuffer(content, np.float32).reshape(shape).copy()


def main() -> None:
    """Answer requests, one after another, until the input is closed."""
    # Ctrl-C in the server's terminal reaches this process too; the closed input ends it quietly.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = Answers()
    requests: queue.SimpleQueue[tuple[ProjectionSpec, Floats]] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(requests,), daemon=True).start()
    loaded = {name for name, method in METHODS.items() if method.module is None}
    answers.tell(stage="ready")
    while True:
        spec, points = requests.get()
        try:
            if spec.method not in loaded:
                answers.tell(stage="loading")
                load_library(spec.method)
                loaded.add(spec.method)
            answers.tell(stage="drawing")
            answers.give(project(points, spec))
        except LabError as error:
            answers.tell(error=str(error))
        except Exception:  # noqa: BLE001 - told to the server, which goes on
            answers.tell(failed=traceback.format_exc())


def _read(requests: "queue.SimpleQueue[tuple[ProjectionSpec, Floats]]") -> None:
    stream = sys.stdin.buffer
    while line := stream.readline():
        spec = ProjectionSpec(**json.loads(line))
        requests.put((spec, read_floats(stream)))
    # At once, in the middle of a picture too: nobody is left to look at it.
    os._exit(0)


if __name__ == "__main__":
    main()
