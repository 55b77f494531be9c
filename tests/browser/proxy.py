"""A TCP proxy that makes a network: each direction is late by 50 ± 20 ms, in order."""
import asyncio
import random
import threading


class Jitter:
    """Forwards to `port` from a free port of its own, on a thread of its own."""

    def __init__(self, port: int, delay_ms: float = 50, jitter_ms: float = 20, seed: int = 1):
        self.target, self.delay, self.jitter = port, delay_ms / 1000, jitter_ms / 1000
        self.random = random.Random(seed)
        self.writers: set[asyncio.StreamWriter] = set()
        self.cut = False
        started = threading.Event()
        self.loop = asyncio.new_event_loop()

        def run():
            asyncio.set_event_loop(self.loop)
            server = self.loop.run_until_complete(asyncio.start_server(self.accept, "127.0.0.1", 0))
            self.port = server.sockets[0].getsockname()[1]
            started.set()
            self.loop.run_forever()

        threading.Thread(target=run, daemon=True).start()
        started.wait(10)

    async def accept(self, reader, writer):
        if self.cut:
            writer.close()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        self.writers |= {writer, far_writer}
        await asyncio.gather(self.pump(reader, far_writer), self.pump(far_reader, writer))
        self.writers -= {writer, far_writer}

    async def pump(self, reader, writer):
        """Each chunk leaves after its own delay, never before the one that came before it."""
        queue: asyncio.Queue = asyncio.Queue(1000)

        async def deliver():
            while (entry := await queue.get()) is not None:
                due, data = entry
                await asyncio.sleep(max(0, due - self.loop.time()))
                writer.write(data)
                await writer.drain()
            writer.close()

        task = asyncio.ensure_future(deliver())
        due = 0.0
        try:
            while data := await reader.read(1 << 16):
                wait = self.delay + self.random.uniform(-self.jitter, self.jitter)
                due = max(due, self.loop.time() + wait)
                await queue.put((due, data))
        except OSError:
            pass
        await queue.put(None)
        try:
            await task
        except OSError:
            pass

    def drop(self, cut: bool):
        """Cuts every connection, and refuses new ones while `cut`."""
        self.cut = cut

        def close():
            for writer in list(self.writers):
                writer.transport.abort()

        self.loop.call_soon_threadsafe(close)

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
