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
    assert {"execute_command", "query_powershell", "invoke_cmdlet", "run_executable"} <= set(names)
    assert {"list_hosts", "check_host", "list_sessions", "close_session"} <= set(names)
    for tool in listed.tools:
        assert tool.annotations.read_only_hint is not None, tool.name


def test_a_command_runs(server, mode):
    result = talk(server, mode, lambda client: client.call_tool("execute_command", {"command": "Get-Service W32Time"}))
    assert not result.is_error, result
    assert "Status: SUCCESS (Exit Code: 0)" in result.content[0].text
    assert "W32Time" in result.structured_content["stdout"]


SCRIPT = """
$running = Get-Service | Where-Object { $_.Status -eq 'Running' } | Sort-Object Name
foreach ($service in $running | Select-Object -First 2) { "$($service.Name) is $($service.Status)" }
$running | Select-Object -First 2 Name, @{ Name = 'Loud'; Expression = { $_.Name.ToUpper() } }
"""


def test_a_script_runs_and_its_objects_fit_the_schema(server, mode):
    result = talk(server, mode, lambda client: client.call_tool("query_powershell", {"command": SCRIPT}))
    assert not result.is_error, result
    data = result.structured_content
    assert [step["outcome"] for step in data["steps"]] == ["completed"]
    first, second = data["objects"][2:]
    assert first["Loud"] == first["Name"].upper() and second["Loud"] == second["Name"].upper()
    assert f"{first['Name']} is Running" in data["stdout"]


def test_a_cmdlet_takes_its_parameters_as_data(server, mode):
    arguments = {"cmdlet": "Get-Service", "parameters": {"Name": ["W32Time"]}, "host": "localhost", "select": ["Name"]}
    result = talk(server, mode, lambda client: client.call_tool("invoke_cmdlet", arguments))
    assert not result.is_error, result
    assert result.structured_content["objects"] == [{"Name": "W32Time"}]


def test_a_query_changes_nothing(server, mode):
    arguments = {"command": "Get-Service W32Time | Restart-Service"}
    result = talk(server, mode, lambda client: client.call_tool("query_powershell", arguments))
    assert result.is_error
    assert (result.structured_content["status"], result.structured_content["ran"]) == ("denied", "no")


def test_a_session_keeps_what_a_script_left(server, mode):
    async def conversation(client):
        await client.call_tool("execute_command", {"command": "$x = 20; function Twice($n) { $n * 2 }", "session": "s"})
        result = await client.call_tool("execute_command", {"command": "Twice $x", "session": "s"})
        listed = await client.call_tool("list_sessions", {})
        closed = await client.call_tool("close_session", {"session": "s"})
        return result, listed, closed

    result, listed, closed = talk(server, mode, conversation)
    assert result.structured_content["stdout"] == "40\n", result
    assert [session["name"] for session in listed.structured_content["sessions"]] == ["s"]
    assert not closed.is_error, closed


def test_progress_names_the_step(server, mode):
    told = []

    async def conversation(client):
        async def heard(progress, total, message):
            told.append(message)

        arguments = {"command": "Get-Service W32Time | Out-Null; Start-Sleep -Seconds 6"}
        return await client.call_tool("execute_command", arguments, progress_callback=heard)

    result = talk(server, mode, conversation)
    assert not result.is_error, result
    assert told and told[0].startswith("step 1: Get-Service"), told


def test_a_denial_is_a_result(server, mode):
    result = talk(server, mode, lambda client: client.call_tool("execute_command", {"command": "Stop-Computer"}))
    assert result.is_error
    assert "DENIED" in result.content[0].text
    assert result.structured_content["ran"] == "no"


def test_a_check_runs_nothing(server, mode):
    result = talk(server, mode, lambda client: client.call_tool("check_host", {}))
    assert not result.is_error, result
