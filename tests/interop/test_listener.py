"""`winrm-mcp exec` against the independent listener, in each of its TLS modes."""

import json

import pytest

from conftest import MODES

NAMES = "hostname,whoami,echo,rig-exit,rig-stderr,rig-flood,rig-sleep,rig-cat,rig-utf8,rig-split,rig-secret"


@pytest.fixture(params=MODES)
def listener(request, start_listener):
    return start_listener(request.param)


def environment(listener, **extra):
    # Basic is never chosen by itself: it hands the password over.
    arguments = listener.process.args
    mode = {"WINRM_MCP_AUTH": "basic"} if "basic" in arguments else {}
    if "--tls" not in arguments:
        mode["WINRM_MCP_USE_HTTPS"] = "false"
    return listener.environment(**{"WINRM_MCP_ALLOW": NAMES, **mode, **extra})


def test_a_native_command_answers_exactly(listener, run):
    done = run("exec", "--native", "--", "hostname", environment=environment(listener))
    assert (done.returncode, done.stdout) == (0, b"RIG01\n"), done.stderr


def test_cold_takes_four_requests(listener, run):
    run("exec", "--native", "--", "hostname", environment=environment(listener))
    kinds = [entry["kind"] for entry in listener.entries() if entry["kind"] in ("http", "op")]
    actions = [entry["action"] for entry in listener.entries("op")]
    receive = actions.index("Receive")
    waited = kinds[: [i for i, kind in enumerate(kinds) if kind == "op"][receive] + 1].count("http")
    # Basic has no handshake: Create, Command, Receive. NTLM: type 1, type 3 with Create, Command, Receive.
    assert waited <= 4, actions
    assert actions[:3] == ["Create", "Command", "Receive"]


def test_the_shell_is_deleted(listener, run):
    run("exec", "--native", "--", "hostname", environment=environment(listener))
    assert len(listener.entries("shell_create")) == len(listener.entries("shell_delete")) == 1


def test_an_exit_code_passes_through(listener, run):
    assert run("exec", "--native", "--", "rig-exit", "42", environment=environment(listener)).returncode == 42


def test_an_exit_code_above_255_keeps_its_low_byte_and_is_named(listener, run):
    done = run("exec", "--native", "--", "rig-exit", "3010", environment=environment(listener))
    assert done.returncode == 3010 & 255
    assert b"3010" in done.stderr.splitlines()[-1]


def test_a_low_byte_of_zero_is_still_a_failure(listener, run):
    assert run("exec", "--native", "--", "rig-exit", "512", environment=environment(listener)).returncode == 1


def test_success_codes(listener, run):
    done = run(
        "exec", "--native", "--success-codes", "0,3010", "--", "rig-exit", "3010", environment=environment(listener)
    )
    assert done.returncode == 0


def test_standard_error_stays_apart(listener, run):
    done = run("exec", "--native", "--", "rig-stderr", "oops", environment=environment(listener))
    assert done.stdout == b""
    assert b"oops" in done.stderr


@pytest.mark.parametrize("command", ["rig-utf8", "rig-split"])
def test_text_is_utf8(listener, run, command):
    done = run("exec", "--native", "--", command, environment=environment(listener))
    text = done.stdout.decode()
    assert "日" in text and "\N{GRINNING FACE}" in text and "\N{REPLACEMENT CHARACTER}" not in text


def test_stdin_reaches_the_command(listener, run):
    data = b"first line\nsecond line\n" * 5000
    done = run("exec", "--native", "--stdin", "-", "--", "rig-cat", stdin=data, environment=environment(listener))
    assert done.stdout == data


def test_megabytes_come_through(listener, run):
    done = run("exec", "--native", "--", "rig-flood", "3000000", environment=environment(listener), timeout=120)
    assert len(done.stdout) == 3_000_000


def test_a_timeout_stops_the_remote_command(listener, run):
    done = run("exec", "--native", "--timeout", "1", "--", "rig-sleep", "30", environment=environment(listener))
    assert done.returncode == 124, done.stderr
    assert b"stopped" in done.stderr
    codes = [entry["code"] for entry in listener.entries("signal")]
    assert any(code.endswith("/terminate") for code in codes)
    assert listener.wait_for("killed")


def test_a_command_goes_as_data_and_objects_come_back(listener, run):
    settings = environment(listener, WINRM_MCP_ALLOW="")
    done = run("exec", "--json", "--", "Get-Service", "-Name", "W32Time", environment=settings)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert [item["Name"] for item in report["objects"]] == ["W32Time"]
    assert report["via"] == "psrp"
    (pipeline,) = listener.entries("pipeline")
    (command,) = pipeline["commands"]
    assert command["name"] == "Microsoft.PowerShell.Management\\Get-Service" and not command["script"]
    assert command["params"] == [["Name", "W32Time"]]
    assert listener.entries("encoded_script") == []


def test_a_cold_command_takes_six_requests_and_the_pool_is_deleted(listener, run):
    done = run("exec", "--", "Get-Service", environment=environment(listener, WINRM_MCP_ALLOW=""))
    assert b"Spooler" in done.stdout, done.stderr
    actions = [entry["action"] for entry in listener.entries("op")]
    assert actions[-1] == "Delete"
    assert len(listener.entries("shell_create")) == len(listener.entries("shell_delete")) == 1
    # NTLM's type 1 is a request without an operation.
    last = max(index for index, action in enumerate(actions) if action == "Receive")
    assert last + 2 <= 6, actions


def test_a_timeout_stops_the_pipeline(listener, run):
    settings = environment(listener, WINRM_MCP_PROFILE="unrestricted", WINRM_MCP_ALLOW="Start-Sleep,Rig-Sleep")
    done = run("exec", "--timeout", "2", "--", "Rig-Sleep", "-Seconds", "30", environment=settings)
    assert done.returncode == 124, done.stderr
    codes = [entry["code"] for entry in listener.entries("signal")]
    assert "powershell/signal/crtl_c" in codes, codes


def test_a_reviewed_script_goes_whole_with_typed_values_and_its_pool_is_deleted(listener, run, tmp_path):
    script = tmp_path / "rig.ps1"
    script.write_text("param([Parameter(Mandatory)][string]$Name, [int]$Tries, [switch]$Force)\nclass Rig { }\n$Name")
    described = run("policy", "script", str(script), environment={}).stdout.decode()
    configuration = tmp_path / "winrm-mcp.toml"
    configuration.write_text("version = 1\n" + described)
    arguments = ["exec", "--config", str(configuration), "--reviewed", "rig", "--", "-Name", "a b", "-Tries", "3", "-Force"]
    done = run(*arguments, environment=environment(listener))
    assert done.returncode == 0, done.stderr
    (pipeline,) = listener.entries("pipeline")
    (command,) = pipeline["commands"]
    assert (command["script"], command["name"]) == (True, script.read_text())
    assert command["params"] == [["Name", "a b"], ["Tries", 3], ["Force", True]]
    assert len(listener.entries("shell_create")) == len(listener.entries("shell_delete")) == 1


def test_a_denied_command_sends_nothing(listener, run):
    done = run("exec", "--", "Stop-Computer", environment=environment(listener))
    assert done.returncode == 126
    assert listener.entries("http") == []


def test_the_password_is_scrubbed_from_output(listener, run, tmp_path):
    done = run("exec", "--native", "--", "rig-secret", environment=environment(listener))
    assert b"password=[redacted]" in done.stdout
    secret = listener.password.encode()
    assert secret not in done.stdout + done.stderr
    for file in (tmp_path / "state").rglob("*"):
        assert not file.is_file() or secret not in file.read_bytes(), file


def test_json_names_the_source_of_the_exit_code(listener, run):
    done = run("exec", "--json", "--native", "--", "rig-exit", "3", environment=environment(listener))
    result = json.loads(done.stdout)
    assert result["exit"] == {"code": 3, "source": "remote"}


def test_a_wrong_password_is_tried_once(listener, run):
    done = run(
        "exec", "--native", "--", "hostname", environment=environment(listener, WINRM_MCP_PASSWORD="wrong one")
    )
    assert done.returncode == 77, done.stderr
    assert len(listener.entries("auth_fail")) == 1
    assert b"wrong one" not in done.stdout + done.stderr


def test_an_unknown_ca_is_refused_in_words(start_listener, run):
    listener = start_listener("ntlm-tls")
    variables = listener.environment(WINRM_MCP_ALLOW=NAMES)
    del variables["WINRM_MCP_CA_FILE"]
    done = run("exec", "--native", "--", "hostname", environment=variables)
    assert done.returncode == 76, done.stderr
    assert b"CA_FILE" in done.stderr or b"ca_file" in done.stderr
    assert listener.entries("http") == []
