"""Runspace pools with winrm's examples: what they cost, and how one process leaves them to another."""

import os
import pathlib
import subprocess

import pytest

from conftest import WORKSPACE, missing

EXAMPLES = pathlib.Path(os.environ.get("WINRM_EXAMPLES", WORKSPACE / "target" / "release" / "examples"))


def run(example, url, user, password, ca, *arguments, **environment):
    """Runs an example as a process of its own."""
    program = EXAMPLES / example
    if not program.exists():
        missing(f"the example {program}")
    return subprocess.run(
        [str(program), url, user, ca, *arguments],
        env={"WINRM_PASSWORD": password, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def leave():
    """The example that leaves a pool, or takes one over."""
    return lambda *arguments: run("leave", *arguments)


def account(listener):
    return (f"https://localhost:{listener.port}/wsman", listener.user, listener.password, listener.ca)


@pytest.mark.parametrize("mode", ["ntlm-tls", "tls12", "cbt-strict"])
def test_a_cold_pipeline_takes_six_requests_and_a_warm_one_three(start_listener, mode):
    listener = start_listener(mode)
    calls = 4
    done = run("pipeline", *account(listener), "Write-Output", "x", WINRM_TIMES=str(calls))
    assert (done.returncode, done.stdout) == (0, "x\n" * calls), done.stderr
    kinds = [entry for entry in listener.entries() if entry["kind"] in ("http", "op")]
    # A request that proves the account only is no operation; the release of what is over is off everybody's path.
    actions = [entry["action"] for entry in kinds if entry["kind"] == "op"]
    handshakes = next(at for at, entry in enumerate(kinds) if entry["kind"] == "op") - 1
    waited = [action for action in actions if action not in ("Signal", "Delete")]
    first = waited.index("Command")
    second = waited.index("Command", first + 1)
    # This host says in two answers what a patient one says in one.
    assert handshakes + second <= 7, (handshakes, waited)
    assert waited[:first].count("Receive") <= 2
    warm = waited[second:]
    assert warm.count("Command") == calls - 1 and len(warm) <= 3 * (calls - 1), warm


def test_what_one_process_leaves_another_takes_over(host, leave):
    url = f"https://127.0.0.1:{host['port']}/wsman"
    reached = (url, host["user"], host["password"], host["ca"])
    left = leave(*reached)
    assert left.returncode == 0, left.stderr
    pool = left.stdout.strip()
    taken = leave(*reached, pool)
    assert (taken.returncode, taken.stdout) == (0, "kept\n"), taken.stderr
    assert "Completed" in taken.stderr
    # It belonged to the second process, which has closed it.
    again = leave(*reached, pool)
    assert again.returncode != 0
    assert "no such pool" in again.stderr


def test_a_host_that_keeps_no_pools_says_so(start_listener, leave):
    listener = start_listener("ntlm-tls")
    refused = leave(*account(listener))
    assert refused.returncode != 0
    assert "during: Disconnect" in refused.stderr and "ActionNotSupported" in refused.stderr, refused.stderr
    # What was not left is closed.
    assert len(listener.entries("shell_create")) == len(listener.entries("shell_delete")) == 1
