"""Messages over a socket, without ever blocking the process that owns the study.

A message is 8 bytes of length (little endian) and that many bytes. The study's side reads and
writes only what is ready, so neither a huge result, nor a huge objective on its way out, nor a
worker that was stopped in the middle of a message can hold it up. The worker's side blocks, on a
bare file descriptor, and imports next to nothing.
"""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # workers read with os.read and need no sockets
    import socket

_HEADER_BYTES = 8
_CHUNK_BYTES = 1 << 20


class Channel:
    """The study's end of a connection to one worker; owns `sock`."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._outgoing: deque[memoryview] = deque()
        self._incoming = bytearray()
        self.is_open = True

    def fileno(self) -> int:
        """Return the socket's file descriptor, for a selector."""
        return self._sock.fileno()

    @property
    def has_outgoing(self) -> bool:
        """Whether something still waits to be written."""
        return bool(self._outgoing) and self.is_open

    def send(self, message: bytes) -> None:
        """Queue a message and write what the socket takes now."""
        self._outgoing.append(memoryview(len(message).to_bytes(_HEADER_BYTES, "little")))
        self._outgoing.append(memoryview(message))
        self.flush()

    def flush(self) -> None:
        """Write what the socket takes now; a broken connection counts as closed."""
        try:
            while self._outgoing:
                sent = self._sock.send(self._outgoing[0][:_CHUNK_BYTES])
                self._advance(sent)
        except BlockingIOError:
            return
        except OSError:  # the worker is gone, which its death reports better than we could
            self.is_open = False

    def _advance(self, sent: int) -> None:
        rest = self._outgoing[0][sent:]
        if rest:
            self._outgoing[0] = rest
        else:
            self._outgoing.popleft()

    def receive(self) -> list[bytes]:
        """Return the messages that have arrived completely, without waiting."""
        try:
            while chunk := self._sock.recv(_CHUNK_BYTES):
                self._incoming += chunk
            self.is_open = False
        except BlockingIOError:
            pass
        except OSError:
            self.is_open = False
        return self._split()

    def _split(self) -> list[bytes]:
        messages, start = [], 0
        while (body := start + _HEADER_BYTES) <= len(self._incoming):
            end = body + int.from_bytes(self._incoming[start:body], "little")
            if end > len(self._incoming):
                break
            messages.append(bytes(self._incoming[body:end]))
            start = end
        del self._incoming[:start]
        return messages

    def close(self) -> None:
        """Close the socket; calling again is fine."""
        self.is_open = False
        self._outgoing.clear()
        self._sock.close()


def write_message(fd: int, message: bytes) -> None:
    """Write one message, blocking. Raises OSError when the other end is gone."""
    for part in (len(message).to_bytes(_HEADER_BYTES, "little"), message):
        view = memoryview(part)
        while view:
            view = view[os.write(fd, view[:_CHUNK_BYTES]) :]


def read_message(fd: int) -> bytes:
    """Read one message, blocking. Raises EOFError or OSError when the other end is gone."""
    return _read_exactly(fd, int.from_bytes(_read_exactly(fd, _HEADER_BYTES), "little"))


def _read_exactly(fd: int, n_bytes: int) -> bytes:
    data = bytearray()
    while len(data) < n_bytes:
        chunk = os.read(fd, min(n_bytes - len(data), _CHUNK_BYTES))
        if not chunk:
            raise EOFError
        data += chunk
    return bytes(data)
