"""Runspace pools that are left by one process and taken over by another, with winrm's example `leave`."""

import os
import pathlib
import subprocess

import pytest

from conftest import WORKSPACE, missing

LEAVE = pathlib.Path(
    os.environ.get("WINRM_LEAVE", WORKSPACE / "target" / "release" / "examples" / "leave")
)


@pytest.fixture
def leave(tmp_path):
    """Runs the example as a process of its own."""
    if not LEAVE.exists():
        missing(f"the example {LEAVE}")

    def leave(url, user, password, ca, *arguments):
        return subprocess.run(
            [str(LEAVE), url, user, ca, *arguments],
            env={"WINRM_PASSWORD": password},
            capture_output=True,
            text=True,
            timeout=60,
        )

    return leave


def test_what_one_process_leaves_another_takes_over(host, leave, tmp_path):
    ca = tmp_path / "ca.pem"
    ca.write_text(host["ca_pem"])
    account = (host["url"], host["user"], host["password"], str(ca))
    left = leave(*account)
    assert left.returncode == 0, left.stderr
    pool, pipeline = left.stdout.split()
    taken = leave(*account, pool, pipeline)
    assert (taken.returncode, taken.stdout) == (0, "kept\n"), taken.stderr
    assert "Completed" in taken.stderr
    # It belonged to the second process, which has closed it.
    again = leave(*account, pool, pipeline)
    assert again.returncode != 0
    assert "no such pool" in again.stderr


def test_a_host_that_keeps_no_pools_says_so(start_listener, leave):
    listener = start_listener("ntlm-tls")
    refused = leave(
        f"https://localhost:{listener.port}/wsman", listener.user, listener.password, listener.ca
    )
    assert refused.returncode != 0
    # ActionNotSupported: the listener knows nothing of Disconnect.
    assert "0x8033801A" in refused.stderr, refused.stderr
    # What was not left is closed.
    assert len(listener.entries("shell_create")) == len(listener.entries("shell_delete")) == 1
