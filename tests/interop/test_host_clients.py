"""pypsrp and pywinrm, whose authors know nothing of us, as clients of winrm-host.

The host is the example program of the crate, or whatever WINRM_HOST_BIN names that prints the same JSON line.
"""

import json
import os
import pathlib
import subprocess

import pytest
from conftest import WORKSPACE, missing

PROGRAM = pathlib.Path(
    os.environ.get("WINRM_HOST_BIN", WORKSPACE / "target" / "release" / "examples" / "serve")
)
DONE = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Done"

#: Arguments of the host, and pypsrp's and pywinrm's names for a scheme that gets in.
WAYS = [
    pytest.param(["--hardening", "strict"], "ntlm", "ntlm", id="ntlm-strict-binding"),
    pytest.param(["--hardening", "strict"], "negotiate", "ntlm", id="spnego-strict-binding"),
    pytest.param(["--tls12"], "negotiate", "ntlm", id="tls12"),
    pytest.param(["--offer", "basic"], "basic", "basic", id="basic"),
    pytest.param(["--http"], "negotiate", "ntlm", id="sealed"),
    pytest.param(["--http", "--offer", "ntlm"], "ntlm", "ntlm", id="sealed-ntlm"),
]


@pytest.fixture
def start():
    """Starts hosts, and stops them by ending their standard input."""
    running = []

    def start(arguments):
        if not PROGRAM.exists():
            missing(f"the host program {PROGRAM}")
        process = subprocess.Popen(
            [str(PROGRAM), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
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


@pytest.mark.parametrize("arguments, scheme, _", WAYS)
def test_pypsrp_runs_commands(start, arguments, scheme, _):
    shell = pytest.importorskip("pypsrp.shell")
    facts = start(arguments)
    with shell.WinRS(connect_pypsrp(facts, arguments, scheme)) as winrs:
        hostname = shell.Process(winrs, "hostname")
        hostname.invoke()
        hostname.signal(shell.SignalCode.CTRL_C)
        assert (hostname.rc, hostname.stdout, hostname.stderr) == (0, b"WEB-01\r\n", b"")

        unknown = shell.Process(winrs, "nosuch")
        unknown.invoke()
        unknown.signal(shell.SignalCode.CTRL_C)
        assert unknown.rc == 1 and b"is not recognized" in unknown.stderr

        sort = shell.Process(winrs, "sort")
        sort.begin_invoke()
        sort.send(b"beta\r\n", end=False)
        sort.send(b"alpha\r\n", end=True)
        while sort.state != DONE:
            sort.poll_invoke()
        sort.end_invoke()
        assert (sort.rc, sort.stdout) == (0, b"alpha\r\nbeta\r\n")

        flood = shell.Process(winrs, "simulate", ["flood", "400000"])
        flood.invoke()
        flood.signal(shell.SignalCode.CTRL_C)
        assert (flood.rc, len(flood.stdout)) == (0, 400_000)


@pytest.mark.parametrize("arguments, _, scheme", WAYS)
def test_pywinrm_runs_commands_and_powershell(start, arguments, _, scheme):
    winrm = pytest.importorskip("winrm")
    facts = start(arguments)
    protocol = "http" if "--http" in arguments else "https"
    session = winrm.Session(
        f"{protocol}://localhost:{facts['port']}/wsman",
        auth=(facts["user"], facts["password"]),
        transport=scheme,
        ca_trust_path=facts["ca"],
    )
    hostname = session.run_cmd("hostname")
    assert (hostname.status_code, hostname.std_out) == (0, b"WEB-01\r\n")
    assert session.run_cmd("exit", ["3"]).status_code == 3

    service = session.run_ps("Get-Service W32Time")
    assert service.status_code == 0
    assert b"Running  W32Time            Windows Time" in service.std_out

    failed = session.run_ps("Get-Service nosuch")
    assert failed.status_code == 1
    assert b"Cannot find any service with service name 'nosuch'." in failed.std_err


@pytest.mark.parametrize("arguments", [[], ["--http"]], ids=["tls", "sealed"])
def test_a_wrong_password_gets_nobody_in(start, arguments):
    exceptions = pytest.importorskip("pypsrp.exceptions")
    shell = pytest.importorskip("pypsrp.shell")
    facts = {**start(arguments), "password": "wrong"}
    with pytest.raises(exceptions.AuthenticationError):
        with shell.WinRS(connect_pypsrp(facts, arguments, "ntlm")):
            pass


def test_pypsrp_sees_the_faults_of_windows(start):
    exceptions = pytest.importorskip("pypsrp.exceptions")
    shell = pytest.importorskip("pypsrp.shell")
    facts = start([])
    wsman = connect_pypsrp(facts, [], "ntlm")
    with shell.WinRS(wsman) as winrs:
        direct = shell.Process(winrs, "nosuch.exe", no_shell=True)
        with pytest.raises(exceptions.WSManFaultError) as fault:
            direct.invoke()
        assert fault.value.code == 0x80070002
    with pytest.raises(exceptions.WSManFaultError) as fault:
        shell.Process(winrs, "hostname").invoke()
    assert fault.value.code == 0x8033805B


def output_of(pool, *commands):
    """Runs a pipeline of (name, parameters) and gives the pipeline object and its output."""
    powershell = pytest.importorskip("pypsrp.powershell")
    pipeline = powershell.PowerShell(pool)
    for name, parameters in commands:
        pipeline.add_cmdlet(name)
        for key, value in parameters.items():
            pipeline.add_parameter(key, value)
    return pipeline, pipeline.invoke()


@pytest.mark.parametrize("arguments, scheme, _", WAYS)
def test_pypsrp_runs_pipelines(start, arguments, scheme, _):
    powershell = pytest.importorskip("pypsrp.powershell")
    facts = start(arguments)
    with powershell.RunspacePool(connect_pypsrp(facts, arguments, scheme)) as pool:
        pipeline, output = output_of(
            pool, ("Get-Service", {"Name": ["W32Time", "Spooler"]}), ("Select-Object", {"Property": ["Name", "Status"]})
        )
        assert pipeline.state == powershell.PSInvocationState.COMPLETED
        assert [str(service.extended_properties["Name"]) for service in output] == ["W32Time", "Spooler"]
        assert str(output[0].extended_properties["Status"]) == "Running"

        pipeline, output = output_of(pool, ("Get-Service", {"Name": "nosuch"}))
        assert output == [] and len(pipeline.streams.error) == 1
        assert "nosuch" in str(pipeline.streams.error[0])

        pipeline, _ = output_of(pool, ("Write-Warning", {"Message": "careful"}))
        assert str(pipeline.streams.warning[0]) == "careful"

        pipeline, output = output_of(pool, ("Write-Output", {"InputObject": list(range(2000))}))
        assert output == list(range(2000))


def test_pypsrp_uses_the_pool(start):
    powershell = pytest.importorskip("pypsrp.powershell")
    facts = start([])
    with powershell.RunspacePool(connect_pypsrp(facts, [], "negotiate"), max_runspaces=3) as pool:
        assert pool.get_available_runspaces() == 3
        pool.max_runspaces = 5
        assert pool.get_available_runspaces() == 5
        pool.exchange_keys()
        pool.reset_runspace_state()

        stopped = powershell.PowerShell(pool).add_cmdlet("Start-Sleep").add_parameter("Seconds", 60)
        stopped.begin_invoke()
        stopped.stop()
        assert stopped.state == powershell.PSInvocationState.STOPPED

        sorting = powershell.PowerShell(pool).add_cmdlet("Sort-Object").add_parameter("Descending", True)
        assert sorting.invoke([2, 10, 1]) == [10, 2, 1]

        script = powershell.PowerShell(pool).add_script("Get-Service W32Time")
        assert len(script.invoke()) == 1

        waiting = powershell.PowerShell(pool).add_cmdlet("Write-Output").add_argument("kept")
        waiting.begin_invoke()
        pool.disconnect()
        pool.connect()
        waiting.connect()
        assert waiting.end_invoke() in (None, ["kept"]) and waiting.output == ["kept"]

        commands = pool.get_command_metadata(["*-Service"])
        assert [str(command.name) for command in commands] == [
            "Get-Service",
            "Restart-Service",
            "Start-Service",
            "Stop-Service",
        ]


def test_pypsrp_answers_a_prompt(start):
    powershell = pytest.importorskip("pypsrp.powershell")
    host = pytest.importorskip("pypsrp.host")

    class UI(host.PSHostUserInterface):
        def ReadLine(self, runspace, pipeline):
            return "Ada"

    facts = start([])
    asking = host.PSHost(None, None, False, "test", None, UI(), "1.0")
    with powershell.RunspacePool(connect_pypsrp(facts, [], "ntlm"), host=asking) as pool:
        prompt = powershell.PowerShell(pool).add_cmdlet("Read-Host").add_argument("Name")
        assert prompt.invoke() == ["Ada"]
    with powershell.RunspacePool(connect_pypsrp(facts, [], "ntlm")) as pool:
        prompt = powershell.PowerShell(pool).add_cmdlet("Read-Host").add_argument("Name")
        prompt.invoke()
        assert prompt.had_errors
