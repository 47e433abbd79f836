"""What this machine allows a view at most: its three hops by bare sockets, without HTTP, S3 or DICOM in between.

The way of the bytes is that of a GET through an access point: the server sends a file to the function's process, which
sends it back, and a second thread of the server passes it to the client. As in the benchmark, server and client share a
process. What a view reaches of this figure is what our code leaves of it.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Final

from bench._processor import seconds_of

_BLOCK: Final = 512 * 1024
"""As large as the blocks of the function; smaller ones are slower, larger ones no faster."""
_CLIENT_BLOCK: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Passage:
    """One body: how long it took, the processor time of all processes on its way, and how long the threads of server
    and client together waited for a processor that others had (0 where that was not measured). All in seconds.
    """

    size: int
    seconds: float
    processor: float
    waited: float = 0.0


def relay(path: Path) -> Passage:
    """Send the file over the three hops.

    Raises
    ------
    ConnectionAbortedError
        When fewer bytes arrive than the file has.
    """
    size = path.stat().st_size
    with _Listener() as source, _Listener() as answers, _Listener() as clients:
        function = subprocess.Popen([sys.executable, "-m", "bench._raw_relay", str(source.port), str(answers.port)])
        client = socket.create_connection(("127.0.0.1", clients.port))
        with source.accept() as to_function, answers.accept() as answer, clients.accept() as to_client, client:
            before = time.process_time() + seconds_of(function.pid)
            began = time.perf_counter()
            hops = (Thread(target=_send, args=(to_function, path)), Thread(target=_pass_on, args=(answer, to_client)))
            for hop in hops:
                hop.start()
            received = _drain(client)
            seconds = time.perf_counter() - began
            for hop in hops:
                hop.join()
            processor = time.process_time() + seconds_of(function.pid) - before
        function.wait(10)
    if received != size:
        raise ConnectionAbortedError
    return Passage(size, seconds, processor)


class _Listener:
    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]

    def __enter__(self) -> _Listener:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def accept(self) -> socket.socket:
        return self._socket.accept()[0]


def _send(target: socket.socket, path: Path) -> None:
    with path.open("rb") as file:
        target.sendfile(file)
    target.shutdown(socket.SHUT_WR)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    """Through one buffer. `os.splice` by way of a pipe, without copies, takes as long: the copies are not the cost."""
    buffer = memoryview(bytearray(_BLOCK))
    while size := source.recv_into(buffer):
        target.sendall(buffer[:size])
    target.shutdown(socket.SHUT_WR)


def _drain(source: socket.socket) -> int:
    total, buffer = 0, bytearray(_CLIENT_BLOCK)
    while size := source.recv_into(buffer):
        total += size
    return total


def main() -> None:
    """The function's place: two ports, from the first to the second."""
    source, target = (socket.create_connection(("127.0.0.1", int(port))) for port in sys.argv[1:3])
    with source, target:
        _pass_on(source, target)
        target.recv(1)  # The process stays until the figures were read.


if __name__ == "__main__":
    main()
