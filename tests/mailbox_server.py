"""A mail server that keeps what it is given, for tests that sign in by mail."""
import quopri
import re
import socketserver
import threading


class _Delivery(socketserver.StreamRequestHandler):
    def handle(self):
        def say(line):
            self.wfile.write(line + b"\r\n")

        say(b"220 here")
        while line := self.rfile.readline().strip():
            if line.upper() == b"DATA":
                say(b"354 go on")
                letter = b""
                while (part := self.rfile.readline()) not in (b".\r\n", b""):
                    letter += part
                self.server.keep(letter)
            say(b"221 bye" if line.upper() == b"QUIT" else b"250 good")
            if line.upper() == b"QUIT":
                return


class Mailbox(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Delivery)
        self._came = threading.Condition()
        self._letters = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def keep(self, letter):
        with self._came:
            self._letters.append(quopri.decodestring(letter).decode(errors="replace"))
            self._came.notify_all()

    def letter(self):
        """The next letter, once it is there."""
        with self._came:
            assert self._came.wait_for(lambda: self._letters, timeout=60), "a letter came"
            return self._letters.pop(0)

    def link(self):
        """The link that signs in, of the next letter."""
        return re.search(r"https?://\S+#token=[\w-]+", self.letter()).group(0)

    def settings(self):
        """What a server is told by its environment, so that its letters come here."""
        return {
            "STEREO_MAIL__SMTP": "smtp://127.0.0.1:%d" % self.server_address[1],
            "STEREO_MAIL__FROM": "stereo@example.org",
        }
