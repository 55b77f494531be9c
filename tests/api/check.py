"""Asks everything that /api/openapi.json describes, in every way that schemathesis thinks of, of a
real server, signed in: no fault of the server's, and no answer that is not described.

  python tests/api/check.py target/debug/stereo [schemathesis options]

Prints schemathesis' own summary; its status is this one's.
"""
import http.client
import json
import os
import re
import socketserver
import subprocess
import sys
import tempfile
import threading
import quopri

class Mailbox(socketserver.ThreadingTCPServer):
    """A mail server that keeps what it is given."""

    allow_reuse_address = daemon_threads = True
    came = threading.Condition()
    letters = []


class Delivery(socketserver.StreamRequestHandler):
    def handle(self):
        say = lambda line: self.wfile.write(line + b"\r\n")
        say(b"220 here")
        while line := self.rfile.readline().strip():
            if line.upper() == b"DATA":
                say(b"354 go on")
                letter = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    letter += part
                with self.server.came:
                    self.server.letters.append(letter)
                    self.server.came.notify()
            say(b"221 bye" if line.upper() == b"QUIT" else b"250 good")
            if line.upper() == b"QUIT":
                return


def ask(address, method, path, body=None, headers=()):
    connection = http.client.HTTPConnection(address, timeout=60)
    head = {"Content-Type": "application/json", "Origin": f"http://{address}", **dict(headers)}
    connection.request(method, path, json.dumps(body) if body is not None else None, head)
    answer = connection.getresponse()
    text = answer.read()
    return answer, json.loads(text) if text else None


def sign_in(address, mailbox):
    """Signs in by mail and makes a Bearer token, as a person would in Settings."""
    answer, told = ask(address, "POST", "/api/sign-in/email", {"email": "api@example.org"})
    assert answer.status == 202, told
    cookie = answer.getheader("set-cookie").split(";")[0]
    with mailbox.came:
        mailbox.came.wait_for(lambda: mailbox.letters, timeout=60)
    letter = quopri.decodestring(mailbox.letters[0]).decode()
    token = re.search(r"#token=([\w-]+)", letter).group(1)
    answer, told = ask(address, "POST", "/api/sign-in/email/confirm", {"token": token}, {"Cookie": cookie})
    assert answer.status == 200, told
    cookie = answer.headers.get_all("set-cookie")[0].split(";")[0]
    answer, told = ask(address, "POST", "/api/me/sessions", {"label": "schemathesis"}, {"Cookie": cookie})
    assert answer.status == 201, told
    return told["token"]


def main():
    binary, *options = sys.argv[1:]
    mailbox = Mailbox(("127.0.0.1", 0), Delivery)
    threading.Thread(target=mailbox.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as data:
        settings = {
            "STEREO_MAIL__SMTP": "smtp://127.0.0.1:%d" % mailbox.server_address[1],
            "STEREO_MAIL__FROM": "stereo@example.org",
            "STEREO_ROOMS__PER_ADDRESS_PER_HOUR": "0",
        }
        arguments = [binary, "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0", "--data", data]
        server = subprocess.Popen(arguments, env={**os.environ, **settings}, stdout=subprocess.PIPE, text=True)
        try:
            url = server.stdout.readline().strip()
            token = sign_in(url.removeprefix("http://"), mailbox)
            # Signing out would end the session that all else is asked with.
            checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
            tool = [os.path.join(os.path.dirname(sys.executable), "schemathesis"), "run", f"{url}/api/openapi.json"]
            tool += ["--checks", checks, "-H", f"Authorization: Bearer {token}", "--seed", "1", "--generation-database", "none", "--exclude-path", "/api/sign-out"]
            status = subprocess.run([*tool, "--phases", "examples,coverage,fuzzing", "--max-examples", "40", *options]).returncode
            if server.poll() is not None:
                print("the server ended in the middle")
                return 1
            return status
        finally:
            server.terminate()
            server.wait(30)


if __name__ == "__main__":
    sys.exit(main())
