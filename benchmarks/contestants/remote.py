"""A contestant in another process, in the environment of the tool (see `server`)."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import subprocess
import tempfile
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np

import bayesopt as bo
from benchmarks.contestants import flat
from benchmarks.contestants.base import Config, UnsupportedSpace, penalty
from benchmarks.contestants.translate import config_of, describe, values_of
from benchmarks.peers import environments

MAX_TRIES = 20
"""How often a tool is asked again when its suggestion violates a constraint of the space."""

MAX_RUNS = 50
"""How many runs a server process serves: no tool's leaks live longer."""

SURROUNDINGS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONNOUSERSITE": "1",
}
"""Variables of a server: one thread, the same order of sets in each run."""


class ToolError(RuntimeError):
    """The tool raised an exception, or its process ended; the message holds the traceback."""


class Link:
    """A server process and the pipes to it."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self.command = command
        self.n_runs = 0
        self._busy = False
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the process)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=environments.ROOT,
            env={**os.environ, **SURROUNDINGS},
            text=True,
            encoding="utf-8",
        )

    @property
    def usable(self) -> bool:
        """Whether another run may begin: the process lives and owes no reply."""
        return not self._busy and self.n_runs < MAX_RUNS and self._process.poll() is None

    def call(self, **request: Any) -> dict[str, Any]:
        """Return the reply to a request.

        Raises
        ------
        ImportError, UnsupportedSpace, ToolError
            Whichever the reply stands for.
        """
        self._busy = True  # stays so if this is interrupted
        reply = self._reply(json.dumps(request) + "\n")
        self._busy = False
        if "error" in reply:
            raise _ERRORS[reply["error"]](reply["message"])
        return reply

    def close(self) -> None:
        """End the process at once, in the middle of a request too."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            with contextlib.suppress(BrokenPipeError):
                stream.close()

    def _reply(self, line: str) -> dict[str, Any]:
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        return json.loads(answer) if answer else {"error": "crashed", "message": self._last_words()}

    def _last_words(self) -> str:
        code = self._process.wait()
        self._errors.seek(0)
        said = self._errors.read()[-2000:].decode("utf-8", "replace")
        return f"the process ended with exit status {code}\n{said}"


class Pool:
    """Idle servers, one per command, kept because some tools take seconds to import."""

    def __init__(self) -> None:
        self._idle: dict[tuple[str, ...], Link] = {}
        atexit.register(self.close)

    def take(self, command: tuple[str, ...]) -> Link:
        """Return an idle server or a new one."""
        link = self._idle.pop(command, None)
        if link is not None and link.usable:
            return link
        if link is not None:
            link.close()
        return Link(command)

    def give_back(self, link: Link) -> None:
        """Keep a server whose run is over, or end it."""
        link.n_runs += 1
        if link.usable and link.command not in self._idle:
            self._idle[link.command] = link
        else:
            link.close()

    def close(self) -> None:
        """End all idle servers."""
        while self._idle:
            self._idle.popitem()[1].close()


POOL = Pool()
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
        command: Sequence[str] | None = None,
    ) -> None:
        self._space = space
        self._rng = np.random.default_rng(seed)
        self._losses: list[float] = []
        self._is_tools = True
        self.ask_s = self.tell_s = 0.0
        flattened = describe(space)
        self._link = POOL.take(tuple(command or environments.server_command(environment)))
        self._finalizer = weakref.finalize(self, POOL.give_back, self._link)
        reply = self._link.call(
            do="start", tool=tool, space=flat.to_json(flattened), seed=seed, budget=budget
        )
        if reply.get("prefills"):
            self.prefill = self._prefill

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

    def _prefill(self, configs: Sequence[Config], losses: Sequence[float]) -> None:
        """Pass evaluations on that were made elsewhere, all at once; if the tool can take them."""
        points = [values_of(self._space, config) for config in configs]
        self._link.call(do="prefill", points=points, losses=list(losses))

    def close(self) -> None:
        """End the run; without this, it ends when nobody holds the contestant any more."""
        self._finalizer()

    def _tell(self, loss: float, failed: bool) -> float:
        return self._link.call(do="tell", loss=loss, failed=failed)["seconds"]
