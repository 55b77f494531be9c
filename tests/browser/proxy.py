"""A TCP proxy that makes a network: each direction is late by 50 ± 20 ms, in order.

It is a process of its own, so that neither the tests' work nor their interpreter lock disturbs it,
and it waits with select(2), which counts microseconds where epoll counts milliseconds. `Jitter` is
the tests' handle on it; by hand: proxy.py PORT [DELAY_MS [JITTER_MS [SEED]]], then a command a line.
"""
import asyncio
import os
import random
import selectors
import subprocess
import sys

# What waits in one direction of one connection, in chunks of up to 64 KiB.
MOST_CHUNKS = 256


class Network:
    """What every connection goes through."""

    def __init__(self, target: int, delay_ms: float, jitter_ms: float, seed: int):
        self.target, self.delay, self.jitter = target, delay_ms / 1000, jitter_ms / 1000
        self.random = random.Random(seed)
        self.writers: set[asyncio.StreamWriter] = set()
        self.refusing = self.swallowing = False
        self.flowing = asyncio.Event()
        self.flowing.set()

    def obey(self, command: str):
        """cut: connections end, new ones are refused. stall: bytes wait. hole: bytes vanish."""
        self.refusing, self.swallowing = command == "cut", command == "hole"
        if command == "stall":
            self.flowing.clear()
        else:
            self.flowing.set()
        if command in ("cut", "reset"):
            for writer in list(self.writers):
                writer.transport.abort()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        if self.refusing:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, far_writer}
        self.writers |= ends
        await asyncio.gather(self.pump(reader, far_writer), self.pump(far_reader, writer))
        self.writers -= ends
        for end in ends:
            end.close()

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        """Each chunk leaves after its own delay, never before the one that came before it."""
        waiting: asyncio.Queue = asyncio.Queue(MOST_CHUNKS)
        deliver = asyncio.ensure_future(self.deliver(waiting, writer))
        now, due = asyncio.get_running_loop().time, 0.0
        try:
            while data := await reader.read(1 << 16):
                due = max(due, now() + self.delay + self.random.uniform(-self.jitter, self.jitter))
                await waiting.put((due, data))
        except OSError:
            pass
        await waiting.put((due, b""))
        await deliver

    async def deliver(self, waiting: asyncio.Queue, writer: asyncio.StreamWriter):
        now, gone = asyncio.get_running_loop().time, False
        while True:
            due, data = await waiting.get()
            await asyncio.sleep(max(0.0, due - now()))
            await self.flowing.wait()
            try:
                if not data:
                    return writer.write_eof() if not gone else None
                if not gone and not self.swallowing:
                    writer.write(data)
                    await writer.drain()
            except OSError:
                gone = True  # what is still under way has nowhere to go
            if not data:
                return None


async def serve(network: Network):
    server = await asyncio.start_server(network.accept, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := await commands.readline():
        network.obey(line.decode().strip())
        print("done", flush=True)


class Jitter:
    """A proxy to `port` of this machine. It listens on its own `port`, and ends with `stop`."""

    def __init__(self, port: int, delay_ms: float = 50, jitter_ms: float = 20, seed: int = 1):
        command = [sys.executable, __file__, *map(str, (port, delay_ms, jitter_ms, seed))]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def do(self, command: str):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"

    def drop(self, cut: bool):
        """Cuts every connection, and refuses new ones while `cut`."""
        self.do("cut" if cut else "reset")

    def stall(self, on: bool):
        """Holds every byte back, and delivers them all, in order, when it is over."""
        self.do("stall" if on else "flow")

    def hole(self, on: bool):
        """Swallows every byte while connections look open: what sleep and dead networks do."""
        self.do("hole" if on else "flow")

    def stop(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


def main():
    given = [float(one) for one in sys.argv[1:]] + [50.0, 20.0, 1.0][len(sys.argv) - 2 :]

    loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
    asyncio.set_event_loop(loop)
    loop.run_until_complete(serve(Network(int(given[0]), given[1], given[2], int(given[3]))))
    os._exit(0)  # connections that are open end here; nothing is to be said about them


if __name__ == "__main__":
    main()
