"""Runs one peer in its own environment, told what to do in lines of JSON.

Requests on standard input: ``{"do": "start", "tool", "space", "seed", "budget"}``, then
``{"do": "ask"}`` and ``{"do": "tell", "loss", "failed"}`` in turn, or ``{"do": "prefill",
"points", "losses"}``. A reply on standard output to each: ``{"seconds"}``, for an ask with
``"values"``, for a start with ``"prefills"``, whether it can; or ``{"error", "message"}`` with the
error one of "missing", "unsupported" and "crashed". `seconds` is what the tool itself took.

A tool that decides on budgets is started with ``"steps"`` as well, [first rung, whole training].
Its requests are ``{"do": "begin"}``, answered by ``{"key", "values", "step", "seconds"}``, and
``{"do": "end", "key", "loss"}``; any number may be under way.

What tools print goes to standard error. When the other side is gone, so is this process, even in
the middle of a request.
"""

from __future__ import annotations

import json
import os
import queue
import random
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from benchmarks.contestants import flat
from benchmarks.contestants.base import UnsupportedSpace
from benchmarks.contestants.tools import load

Reply = dict[str, Any]


class Server:
    """The tool of the current run."""

    def __init__(self, make: Callable[..., Any]) -> None:
        self._make = make
        self._tool: Any = None  # a `Tool` or a `BudgetTool`

    def answer(self, request: Mapping[str, Any]) -> Reply:
        """Return the reply to a request; never raises what a tool raised."""
        try:
            return getattr(self, f"_{request['do']}")(request)
        except UnsupportedSpace as error:
            return {"error": "unsupported", "message": str(error)}
        except ImportError as error:
            return {"error": "missing", "message": str(error)}
        except Exception:  # whatever a tool raises is a result of the benchmark
            return {"error": "crashed", "message": traceback.format_exc(limit=-6)}

    def _start(self, request: Mapping[str, Any]) -> Reply:
        space = flat.from_json(request["space"])
        seed_all(request["seed"])
        start = time.perf_counter()
        more = [request["steps"]] if "steps" in request else []
        self._tool = self._make(request["tool"], space, request["seed"], request["budget"], *more)
        seconds = time.perf_counter() - start
        return {"seconds": seconds, "prefills": hasattr(self._tool, "prefill")}

    def _prefill(self, request: Mapping[str, Any]) -> Reply:
        start = time.perf_counter()
        self._tool.prefill(request["points"], request["losses"])
        return {"seconds": time.perf_counter() - start}

    def _ask(self, request: Mapping[str, Any]) -> Reply:
        start = time.perf_counter()
        values = self._tool.ask()
        seconds = time.perf_counter() - start
        return {"values": _json_numbers(values), "seconds": seconds}

    def _begin(self, request: Mapping[str, Any]) -> Reply:
        start = time.perf_counter()
        key, values, step = self._tool.begin()
        seconds = time.perf_counter() - start
        return {"key": key, "values": _json_numbers(values), "step": step, "seconds": seconds}

    def _end(self, request: Mapping[str, Any]) -> Reply:
        start = time.perf_counter()
        self._tool.end(request["key"], request["loss"])
        return {"seconds": time.perf_counter() - start}

    def _tell(self, request: Mapping[str, Any]) -> Reply:
        start = time.perf_counter()
        self._tool.tell(request["loss"], request["failed"])
        return {"seconds": time.perf_counter() - start}


def seed_all(seed: int) -> None:
    """Seed the global generators, which several tools draw from."""
    random.seed(seed)
    try:
        import numpy as np
    except ImportError:
        return
    np.random.seed(seed)  # noqa: NPY002
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def serve(source: TextIO, sink: TextIO, server: Server) -> None:
    """Answer requests until there are no more."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(source, lines), daemon=True).start()
    while line := lines.get():
        sink.write(json.dumps(server.answer(json.loads(line))) + "\n")
        sink.flush()


def _read(source: TextIO, lines: queue.SimpleQueue[str]) -> None:
    for line in source:
        lines.put(line)
    os._exit(0)  # the other side is gone: nobody wants the answer that is being computed


def _json_numbers(values: Mapping[str, Any]) -> dict[str, float]:
    return {name: _json_number(x) for name, x in values.items()}


def _json_number(x: Any) -> float:
    x = x.item() if hasattr(x, "item") else x
    return x if isinstance(x, int | float) else float(x)


def main(make: Callable[..., Any] = load) -> None:
    """Serve the process that started this one."""
    warnings.simplefilter("ignore")
    sink = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # tools print what they like; the replies have a channel of their own
    serve(sys.stdin, sink, Server(make))


if __name__ == "__main__":
    main()
