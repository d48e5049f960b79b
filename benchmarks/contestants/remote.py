"""A contestant in another process, in the environment of the tool (see `server`)."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import tempfile
from typing import IO, Any

import numpy as np

import bayesopt as bo
from benchmarks.contestants import environments, flat
from benchmarks.contestants.base import Config, UnsupportedSpace, penalty
from benchmarks.contestants.translate import config_of, describe

MAX_TRIES = 20
"""How often a tool is asked again when its suggestion violates a constraint of the space."""

SINGLE_THREAD = {
    name: "1"
    for name in (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "NUMBA_NUM_THREADS",
    )
}


class ToolError(RuntimeError):
    """The tool raised an exception, or its process ended; the message holds the traceback."""


class Link:
    """A server process and the pipes to it."""

    def __init__(self, command: list[str]) -> None:
        self._errors: IO[bytes] = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=environments.ROOT,
            env={**os.environ, **SINGLE_THREAD},
            text=True,
            encoding="utf-8",
        )
        atexit.register(self.close)

    def call(self, **request: Any) -> dict[str, Any]:
        """Return the reply to a request.

        Raises
        ------
        ImportError, UnsupportedSpace, ToolError
            Whichever the reply stands for.
        """
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        reply = json.loads(line) if line else {"error": "crashed", "message": self._last_words()}
        if "error" in reply:
            raise _ERRORS[reply["error"]](reply["message"])
        return reply

    def close(self) -> None:
        """End the process at once, in the middle of a request too."""
        atexit.unregister(self.close)
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            stream.close()

    def _last_words(self) -> str:
        code = self._process.wait()
        self._errors.seek(0)
        said = self._errors.read()[-2000:].decode("utf-8", "replace")
        return f"the process ended with exit status {code}\n{said}"


_ERRORS = {"missing": ImportError, "unsupported": UnsupportedSpace, "crashed": ToolError}


class Remote:
    """A tool in its own environment; `base.Contestant` says what `ask` and `tell` do.

    Parameters
    ----------
    space : bayesopt.Space
    tool : str
        A name of `tools.MAKERS`.
    environment : str
    seed, budget : int

    Attributes
    ----------
    ask_s, tell_s : float
        Seconds that the last ask and the last tell took inside the tool, the way there left out.
        Suggestions refused because of a constraint count towards the ask.

    Raises
    ------
    ImportError, UnsupportedSpace, ToolError

    Notes
    -----
    No tool knows the constraints of a space. A suggestion that violates one costs no evaluation:
    the tool is told the penalty and asked again. After `MAX_TRIES` of them a random feasible
    configuration is taken, of which the tool hears nothing.
    """

    def __init__(
        self,
        space: bo.Space,
        tool: str,
        environment: str,
        seed: int,
        budget: int,
        command: list[str] | None = None,
    ) -> None:
        self._space = space
        self._rng = np.random.default_rng(seed)
        self._losses: list[float] = []
        self._is_tools = True
        self.ask_s = self.tell_s = 0.0
        flattened = describe(space)
        self._link = Link(command or environments.server_command(environment))
        try:
            self._link.call(
                do="start", tool=tool, space=flat.to_json(flattened), seed=seed, budget=budget
            )
        except BaseException:
            self._link.close()
            raise

    def ask(self) -> Config:
        """Return the tool's next suggestion that satisfies the constraints."""
        self.ask_s = 0.0
        for _ in range(MAX_TRIES):
            reply = self._link.call(do="ask")
            self.ask_s += reply["seconds"]
            config, feasible = config_of(self._space, reply["values"])
            self._is_tools = feasible
            if feasible:
                return config
            self.ask_s += self._tell(penalty(self._losses), True)
        return self._space.decode(self._space.sample(1, self._rng))[0]

    def tell(self, config: Config, loss: float, failed: bool) -> None:
        """Pass the result on, if the configuration was the tool's."""
        self._losses.append(loss)
        self.tell_s = self._tell(loss, failed) if self._is_tools else 0.0

    def close(self) -> None:
        """End the tool's process."""
        self._link.close()

    def _tell(self, loss: float, failed: bool) -> float:
        return self._link.call(do="tell", loss=loss, failed=failed)["seconds"]
