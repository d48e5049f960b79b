from __future__ import annotations

import itertools
import os
import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayesopt.execution.channel import Channel, read_message, write_message


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    channel = Channel(ours)
    yield channel, theirs
    channel.close()
    theirs.close()


@given(
    st.lists(st.binary(max_size=300), max_size=8),
    st.lists(st.integers(1, 400), min_size=1, max_size=20),
)
def test_messages_arrive_whole_however_they_are_cut(messages, cuts):
    ours, theirs = socket.socketpair()
    channel = Channel(ours)
    stream = b"".join(len(m).to_bytes(8, "little") + m for m in messages)
    received = []
    for n in itertools.cycle(cuts):
        if not stream:
            break
        theirs.sendall(stream[:n])
        stream = stream[n:]
        received += channel.receive()
    channel.close()
    theirs.close()
    assert received == messages


def test_half_a_message_does_not_block(ends):
    channel, theirs = ends
    theirs.sendall((100).to_bytes(8, "little") + b"half")
    assert channel.receive() == []
    assert channel.is_open


def test_what_was_written_before_the_end_is_read(ends):
    channel, theirs = ends
    write_message(theirs.fileno(), b"last words")
    theirs.close()
    assert channel.receive() == [b"last words"]
    assert not channel.is_open
    assert channel.receive() == []


def test_sending_more_than_fits_does_not_block(ends):
    channel, theirs = ends
    messages = [os.urandom(3_000_000), b"", b"end"]
    for message in messages:
        channel.send(message)
    assert channel.has_outgoing
    received = []
    reader = threading.Thread(
        target=lambda: received.extend(read_message(theirs.fileno()) for _ in messages)
    )
    reader.start()
    while channel.has_outgoing:
        channel.flush()
    reader.join(60)
    assert received == messages


def test_sending_to_nobody_closes(ends):
    channel, theirs = ends
    theirs.close()
    channel.send(b"hello")
    assert not channel.is_open
    assert not channel.has_outgoing


def test_reading_from_nobody_is_the_end(ends):
    channel, theirs = ends
    channel.close()
    channel.close()
    with pytest.raises(EOFError):
        read_message(theirs.fileno())
