"""The Python `mcp` client against `winrm-mcp serve`, with the loopback host behind it."""

import asyncio
import os

import pytest
from mcp import Client, StdioServerParameters

pytestmark = pytest.mark.parametrize("mode", ["legacy", "auto", "2026-07-28"])


@pytest.fixture
def server(binary, host, tmp_path):
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        **host["environment"],
    }
    return StdioServerParameters(command=str(binary), args=[], env=environment)


def talk(server, mode, conversation):
    async def session():
        async with Client(server, mode=mode) as client:
            return await conversation(client)

    return asyncio.run(asyncio.wait_for(session(), 60))


def test_tools_are_listed(server, mode):
    listed = talk(server, mode, lambda client: client.list_tools())
    names = [tool.name for tool in listed.tools]
    assert {"execute_command", "run_executable", "list_hosts", "check_host"} <= set(names)
    for tool in listed.tools:
        assert tool.annotations.read_only_hint is not None, tool.name


def test_a_command_runs(server, mode):
    result = talk(server, mode, lambda client: client.call_tool("execute_command", {"command": "Get-Service W32Time"}))
    assert not result.is_error, result
    assert "Status: SUCCESS (Exit Code: 0)" in result.content[0].text
    assert "W32Time" in result.structured_content["stdout"]


def test_a_denial_is_a_result(server, mode):
    result = talk(server, mode, lambda client: client.call_tool("execute_command", {"command": "Stop-Computer"}))
    assert result.is_error
    assert "DENIED" in result.content[0].text
    assert result.structured_content["ran"] == "no"


def test_a_check_runs_nothing(server, mode):
    result = talk(server, mode, lambda client: client.call_tool("check_host", {}))
    assert not result.is_error, result
