"""Real peers against the finished binary: ../shared/listener as a host, pypsrp and pywinrm as clients of
`winrm-mcp host`, the Python `mcp` package as a client of `winrm-mcp serve`.

`tests/interop/run` builds the binary, makes the virtual environment and starts pytest. A peer that is missing is a
failure with CI=true and a loud skip elsewhere.
"""

import json
import os
import pathlib
import subprocess
import sys
import time

import pytest

WORKSPACE = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("WINRM_MCP_BIN", WORKSPACE / "target" / "release" / "winrm-mcp"))
LISTENER = pathlib.Path(
    os.environ.get("WINRM_LISTENER", WORKSPACE.parent / "shared" / "listener" / "listener.py")
)

#: The listener's modes, by the name that a test asks for.
MODES = {
    "ntlm-tls": ["--tls"],
    "tls12": ["--tls", "--tls12"],
    "cbt-strict": ["--tls", "--cbt", "strict"],
    "basic-tls": ["--tls", "--auth", "basic"],
    "sealed-http": [],
}


#: The loopback host of the crate, or whatever prints the same JSON line.
SERVE = pathlib.Path(os.environ.get("WINRM_HOST_BIN", WORKSPACE / "target" / "release" / "examples" / "serve"))

#: Arguments of the host, and pypsrp's and pywinrm's names for a scheme that gets in.
WAYS = [
    pytest.param(["--hardening", "strict"], "ntlm", "ntlm", id="ntlm-strict-binding"),
    pytest.param(["--hardening", "strict"], "negotiate", "ntlm", id="spnego-strict-binding"),
    pytest.param(["--tls12"], "negotiate", "ntlm", id="tls12"),
    pytest.param(["--offer", "basic"], "basic", "basic", id="basic"),
    pytest.param(["--http"], "negotiate", "ntlm", id="sealed"),
    pytest.param(["--http", "--offer", "ntlm"], "ntlm", "ntlm", id="sealed-ntlm"),
]


def missing(what):
    """Fails in CI, skips loudly elsewhere."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing")
    print(f"SKIPPED FOR WANT OF A PEER: {what}", file=sys.stderr)
    pytest.skip(f"{what} is missing")


class Listener:
    """One running listener, the environment that reaches it, and its record."""

    def __init__(self, process, facts, log):
        self.process, self.log = process, log
        self.port, self.user, self.password, self.ca = (
            facts[key] for key in ("port", "user", "password", "ca")
        )

    def environment(self, **extra):
        """The variables that point winrm-mcp at this listener."""
        ca = {"WINRM_MCP_CA_FILE": self.ca} if self.ca else {}
        return {
            "WINRM_MCP_HOST": "localhost",
            "WINRM_MCP_CONNECTION_PORT": str(self.port),
            "WINRM_MCP_USERNAME": self.user,
            "WINRM_MCP_PASSWORD": self.password,
            **ca,
            **extra,
        }

    def entries(self, kind=None):
        """The record so far, all of it or one kind."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [entry for entry in lines if kind is None or entry["kind"] == kind]

    def wait_for(self, kind, seconds=2.0):
        """The entries of a kind, once there are any: the listener's commands notice a signal when they next look."""
        deadline = time.monotonic() + seconds
        while not self.entries(kind) and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.entries(kind)


@pytest.fixture
def binary():
    """The finished program."""
    if not BINARY.exists():
        missing(f"the binary {BINARY}")
    return BINARY


@pytest.fixture
def start_listener(tmp_path):
    """Starts a listener in one of MODES."""
    running = []

    def start(mode, *more):
        if not LISTENER.exists():
            missing(f"the listener {LISTENER}")
        log = tmp_path / f"listener-{len(running)}.jsonl"
        log.touch()
        arguments = [*MODES[mode], *more, "--log", str(log), "--dir", str(tmp_path / f"dir-{len(running)}")]
        process = subprocess.Popen(
            [sys.executable, str(LISTENER), *arguments], stdout=subprocess.PIPE, text=True
        )
        running.append(process)
        line = process.stdout.readline()
        assert line, "the listener did not start"
        return Listener(process, json.loads(line), log)

    yield start
    for process in running:
        process.kill()
        process.wait()


@pytest.fixture
def run(binary, tmp_path):
    """Runs winrm-mcp with nothing in its environment but what the test says."""

    def run(*arguments, environment=None, stdin=None, timeout=60):
        base = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(tmp_path),
            "XDG_STATE_HOME": str(tmp_path / "state"),
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
        }
        return subprocess.run(
            [str(binary), *arguments],
            env={**base, **(environment or {})},
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            timeout=timeout,
        )

    return run


@pytest.fixture
def host(binary, tmp_path):
    """`winrm-mcp host`: the loopback host, for clients that are not ours."""
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(tmp_path)}
    process = subprocess.Popen(
        [str(binary), "host", "--json"], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True, env=environment
    )
    line = process.stdout.readline()
    assert line, "winrm-mcp host did not start"
    yield json.loads(line)
    process.kill()
    process.wait()


@pytest.fixture
def start():
    """Starts hosts of the crate's own program, and stops them by ending their standard input."""
    running = []

    def start(arguments):
        if not SERVE.exists():
            missing(f"the host program {SERVE}")
        process = subprocess.Popen(
            [str(SERVE), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        running.append(process)
        return json.loads(process.stdout.readline())

    yield start
    for process in running:
        process.stdin.close()
        assert process.wait(timeout=10) == 0


def connect_pypsrp(facts, arguments, scheme):
    """A WSMan object of pypsrp's."""
    wsman = pytest.importorskip("pypsrp.wsman")
    tls = "--http" not in arguments
    return wsman.WSMan(
        "localhost",
        port=facts["port"],
        username=facts["user"],
        password=facts["password"],
        auth=scheme,
        ssl=tls,
        cert_validation=facts["ca"] if tls else True,
    )
