"""Asks everything that /api/openapi.json describes, in every way that schemathesis thinks of, of a
real server, signed in and then as nobody: no fault of the server's, and no answer that is not
described.

  python tests/api/check.py target/debug/stereo [schemathesis options]

Prints schemathesis' own summary; its status is this one's.
"""
import http.client
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from mailbox_server import Mailbox


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
    token = mailbox.link().split("#token=")[1]
    answer, told = ask(address, "POST", "/api/sign-in/email/confirm", {"token": token}, {"Cookie": cookie})
    assert answer.status == 200, told
    cookie = answer.headers.get_all("set-cookie")[0].split(";")[0]
    answer, told = ask(address, "POST", "/api/me/sessions", {"label": "schemathesis"}, {"Cookie": cookie})
    assert answer.status == 201, told
    return told["token"]


def check(url, options):
    """One run over everything; schemathesis' status."""
    checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
    tool = [os.path.join(os.path.dirname(sys.executable), "schemathesis"), "run", f"{url}/api/openapi.json"]
    tool += ["--checks", checks, "--seed", "1", "--generation-database", "none"]
    return subprocess.run([*tool, "--phases", "examples,coverage,fuzzing", "--max-examples", "40", *options]).returncode


def main():
    binary, *options = sys.argv[1:]
    mailbox = Mailbox()
    with tempfile.TemporaryDirectory() as data:
        settings = {**mailbox.settings(), "STEREO_ROOMS__PER_ADDRESS_PER_HOUR": "0"}
        arguments = [binary, "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0", "--data", data]
        server = subprocess.Popen(arguments, env={**os.environ, **settings}, stdout=subprocess.PIPE, text=True)
        try:
            # By a name: passkeys want one.
            url = server.stdout.readline().strip().replace("127.0.0.1", "localhost")
            token = sign_in(url.removeprefix("http://"), mailbox)
            # Signing out would end the session that all else is asked with.
            runs = [["-H", f"Authorization: Bearer {token}", "--exclude-path", "/api/sign-out"], []]
            status = max(check(url, [*more, *options]) for more in runs)
            if server.poll() is not None:
                print("the server ended in the middle")
                return 1
            return status
        finally:
            server.terminate()
            server.wait(30)


if __name__ == "__main__":
    sys.exit(main())
