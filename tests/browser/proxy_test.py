"""The network that the tests make is the network that they say it is."""
import socket
import statistics
import threading
import time

import pytest

import proxy


@pytest.fixture
def echo():
    """The port of a server that sends back what it gets."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(connection):
        with connection:
            while data := connection.recv(1 << 16):
                connection.sendall(data)

    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


@pytest.fixture
def network(echo):
    jitter = proxy.Jitter(echo)
    yield jitter
    jitter.stop()


def connect(network):
    connection = socket.create_connection(("127.0.0.1", network.port), timeout=10)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def round_trip(connection):
    began = time.perf_counter()
    connection.sendall(b"?")
    assert connection.recv(1) == b"?"
    return (time.perf_counter() - began) * 1000


def test_a_round_trip_is_late_by_two_delays(network):
    with connect(network) as connection:
        trips = [round_trip(connection) for _ in range(60)]
    print(f"\n  round trips: {min(trips):.1f} to {max(trips):.1f} ms, mean {statistics.mean(trips):.1f}, of which a delay asks 60 to 140, mean 100")
    assert min(trips) >= 60 and 92 < statistics.mean(trips) < 112
    assert statistics.stdev(trips) > 8, "it jitters"


def test_a_steady_delay_is_kept_to_a_millisecond(echo):
    network = proxy.Jitter(echo, 20, 0)
    try:
        with connect(network) as connection:
            trips = [round_trip(connection) for _ in range(60)]
    finally:
        network.stop()
    median = statistics.median(trips)
    print(f"\n  two delays of 20 ms take {median:.2f} ms (median)")
    assert 40 <= median < 44


def test_bytes_keep_their_order(network):
    sent = b"".join(b"%06d" % number for number in range(50_000))
    with connect(network) as connection:
        threading.Thread(target=connection.sendall, args=(sent,), daemon=True).start()
        got = b""
        while len(got) < len(sent) and (part := connection.recv(1 << 16)):
            got += part
    assert got == sent


def test_what_was_stalled_arrives_afterwards(network):
    with connect(network) as connection:
        network.stall(True)
        connection.sendall(b"held")
        connection.settimeout(0.4)
        with pytest.raises(TimeoutError):
            connection.recv(4)
        connection.settimeout(10)
        network.stall(False)
        assert connection.recv(4) == b"held"


def test_what_falls_into_the_hole_is_gone(network):
    with connect(network) as connection:
        round_trip(connection)
        network.hole(True)
        connection.sendall(b"lost")
        connection.settimeout(0.4)
        with pytest.raises(TimeoutError):
            connection.recv(4)
        connection.settimeout(10)
        network.hole(False)
        connection.sendall(b"kept")
        assert connection.recv(4) == b"kept"


def test_a_cut_ends_connections_and_refuses_new_ones(network):
    with connect(network) as connection:
        round_trip(connection)
        network.drop(True)
        with pytest.raises(ConnectionError):
            if connection.recv(1) == b"":
                raise ConnectionResetError
        with pytest.raises(ConnectionError):
            with connect(network) as refused:
                refused.sendall(b"?")
                if refused.recv(1) == b"":
                    raise ConnectionResetError
    network.drop(False)
    with connect(network) as connection:
        round_trip(connection)
