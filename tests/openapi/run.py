"""Holds docs/openapi.json against a demo server: `run.py PROGRAM SECONDS`.

Starts `saoma demo` on free ports, logs a phone and a browser in through the simulator, and lets
schemathesis send each request in many forms, good and bad ones, as somebody signed in.
"""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
DESCRIPTION = HERE.parent.parent / "docs" / "openapi.json"
PATIENCE = 60

# They end what the others need, so they have a run and a login of their own, and not for long.
ENDINGS = [
    *("sign_out", "delete_account", "end_sessions", "log_out"),
    *("end", "end_session", "report_session"),
]


class Demo:
    """A demo server on free ports, with the simulated WeChat and phone."""

    def __init__(self, program, folder):
        ports = free_ports(3)
        self.url = f"http://localhost:{ports[0]}"
        self.simulator = f"http://localhost:{ports[1]}"
        self.log = open(pathlib.Path(folder) / "log", "w+", encoding="utf-8")
        arguments = ["--port", "--phone-port", "--admin-port"]
        flags = [text for pair in zip(arguments, map(str, ports)) for text in pair]
        # Requests are to be answered here, not counted; tests/api/limits.rs has the limits.
        limits = {name: "0" for name in limits_of(program)}
        self.process = subprocess.Popen(
            [program, "demo", *flags, "--data-dir", str(pathlib.Path(folder) / "data")],
            stdout=self.log,
            stderr=self.log,
            env={**os.environ, **limits},
        )

    def wait(self):
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return call("GET", self.url + "/readyz")
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    sys.exit("the demo server does not start:\n" + self.said())
                time.sleep(0.1)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def said(self):
        self.log.seek(0)
        return self.log.read()[-4000:]

    def log_in(self, person):
        """A signed-in phone and browser, and another browser that has begun."""
        who = {"openid": person}
        code = call("POST", self.simulator + "/_sim/js_code", who)[0]["code"]
        api = self.url + "/api/"
        token = call("POST", api + "phone/session", {"code": code})[0]["token"]
        phone = {"Authorization": f"Bearer {token}"}
        call("POST", api + "phone/register", {"nickname": person}, phone)

        attempt, _, headers = self.begin()
        scene = call("GET", self.simulator + "/phone/newest")[0]["scene"]
        scan = {"scene": scene, "entry_scene": 1047}
        nonce = call("POST", api + "phone/scan", scan, phone)[0]["nonce"]
        call("POST", api + "phone/confirm", {"nonce": nonce}, phone)
        redeem = f"{api}login/attempts/{attempt}/redeem"
        session = cookie(call("POST", redeem, {}, headers)[1], "saoma_session")
        pending, browser, _ = self.begin()
        return {
            "SAOMA_URL": self.url,
            "SAOMA_PHONE": token,
            "SAOMA_SESSION": session,
            "SAOMA_BROWSER": browser,
            "SAOMA_REDEEMED": attempt,
            "SAOMA_PENDING": pending,
        }

    def begin(self):
        """A new attempt of a new browser, its secret, and the headers that it sends."""
        secret = cookie(call("GET", self.url + "/login")[1], "saoma_browser")
        headers = {"Cookie": f"saoma_browser={secret}", "Origin": self.url}
        url = self.url + "/api/login/attempts"
        return call("POST", url, {}, headers)[0]["attempt"], secret, headers


def limits_of(program):
    """The settings that count requests, from the program's own list."""
    help_text = subprocess.run(
        [program, "serve", "--help"], capture_output=True, text=True, check=True
    ).stdout
    words = help_text.replace("=", " ").split()
    return {word.strip("[],:;`") for word in words if word.startswith("SAOMA_MAX_")}


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in sockets]
    for listener in sockets:
        listener.close()
    return ports


def call(method, url, body=None, headers=None):
    """The answer's JSON, if it is some, and its headers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {**(headers or {})}, method=method)
    if data is not None:
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            text, sent = answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        sys.exit(f"{method} {url}: {error.code} {error.read().decode()}")
    is_json = "json" in sent.get("Content-Type", "")
    return (json.loads(text) if is_json else None), sent


def cookie(headers, name):
    for line in headers.get_all("Set-Cookie", []):
        key, _, value = line.split(";")[0].partition("=")
        if key == name:
            return value
    sys.exit(f"no cookie {name}")


def hold(description, login, seconds, choice):
    """Whether the server answers as described."""
    command = [
        pathlib.Path(sys.executable).parent / "schemathesis",
        *("--config-file", HERE / "schemathesis.toml"),
        *("run", description, "--url", login["SAOMA_URL"], "--checks", "all"),
        # The examples of one run are those of the next.
        *("--seed", "1", "--max-time", str(seconds), *choice),
    ]
    hooks = {"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE)}
    return subprocess.run(command, env={**os.environ, **login, **hooks}, check=False).returncode == 0


def main():
    program, seconds = os.path.abspath(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="saoma-openapi-") as folder:
        # PostgreSQL, which does not run as root, has to reach its data.
        os.chmod(folder, 0o755)
        # On plain http the cookies have their plain names.
        description = pathlib.Path(folder) / "openapi.json"
        text = DESCRIPTION.read_text(encoding="utf-8")
        description.write_text(text.replace("__Host-", ""), encoding="utf-8")
        os.chdir(folder)
        demo = Demo(program, folder)
        try:
            demo.wait()
            apart = [text for name in ENDINGS for text in ("--exclude-operation-id", name)]
            good = hold(description, demo.log_in("Ming"), seconds, apart)
            for name in ENDINGS:
                only = ["--include-operation-id", name, "--phases", "coverage"]
                good = hold(description, demo.log_in(name), seconds, only) and good
        finally:
            demo.stop()
        if not good:
            sys.exit("The server and docs/openapi.json disagree. Its log ends:\n" + demo.said())


main()
