"""pypsrp and pywinrm, whose authors know nothing of us, as clients of winrm-host.

Runspace pools are in test_pypsrp_pools.py.
"""

import pytest
from conftest import WAYS, connect_pypsrp

DONE = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Done"


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
