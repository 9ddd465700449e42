"""Every feature that pypsrp has for runspace pools, against winrm-host."""

import uuid

import pytest
from conftest import WAYS, connect_pypsrp


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


@pytest.fixture
def pool(start):
    """An open pool with a session key."""
    powershell = pytest.importorskip("pypsrp.powershell")
    with powershell.RunspacePool(connect_pypsrp(start([]), [], "ntlm")) as pool:
        pool.exchange_keys()
        yield pool


def echoed(pool, value):
    """A value after its way to the host and back, as the argument of a command."""
    powershell = pytest.importorskip("pypsrp.powershell")
    shell = powershell.PowerShell(pool).add_cmdlet("Write-Output").add_argument(value).add_parameter("NoEnumerate", True)
    (output,) = shell.invoke()
    assert not shell.had_errors
    return output


@pytest.mark.parametrize(
    "value",
    [
        "text with\r\n\t\x00\U0001f600 _x000A_ <&>",
        "",
        True,
        -1,
        1.5,
        b"\x00\xff",
        uuid.UUID(int=7),
        None,
        [1, "two", 3.5, None],
        {"a": 1, "b": False, 3: None},
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_come_back_as_they_went(pool, value):
    back = echoed(pool, value)
    assert back == value and type(back) is type(value)


@pytest.mark.parametrize(
    "tag, text",
    [
        ("C", "é"),
        ("TS", "P1DT2H3M4.5S"),
        ("By", 255),
        ("SB", -128),
        ("U16", 65535),
        ("I16", -32768),
        ("U32", 2**32 - 1),
        ("I64", -(2**63)),
        ("U64", 2**64 - 1),
        ("Sg", 0.5),
        ("D", "79228162514264337593543950335"),
        ("URI", "http://example.com/a b"),
        ("Version", "1.2.3.4"),
        ("XD", "<a b='c'>d</a>"),
        ("SBK", "Get-Date | Out-Null"),
        ("SS", "secret \N{EURO SIGN}"),
    ],
)
def test_values_of_each_type_come_back(pool, tag, text):
    serializer = pytest.importorskip("pypsrp.serializer")
    back = echoed(pool, serializer.TaggedValue(tag, text))
    # A script block arrives as text at every host.
    assert back == text


def test_a_credential_comes_back(pool):
    objects = pytest.importorskip("pypsrp.complex_objects")
    back = echoed(pool, objects.PSCredential(username="ada", password="secret"))
    assert (back.username, back.password) == ("ada", "secret")


def test_every_stream(pool):
    powershell = pytest.importorskip("pypsrp.powershell")
    shell = powershell.PowerShell(pool)
    for name, parameters in [
        ("Write-Output", {"InputObject": "output"}),
        ("Write-Error", {"Message": "error"}),
        ("Write-Warning", {"Message": "warning"}),
        ("Write-Verbose", {"Message": "verbose", "Verbose": True}),
        ("Write-Debug", {"Message": "debug", "Debug": True}),
        ("Write-Information", {"MessageData": "information"}),
        ("Write-Progress", {"Activity": "progress", "PercentComplete": 50}),
    ]:
        shell.add_cmdlet(name).add_parameters(parameters).add_statement()
    assert shell.invoke() == ["output"]
    streams = shell.streams
    assert [str(record) for record in streams.error] == ["error"]
    assert [str(record.message) for record in streams.warning] == ["warning"]
    assert [str(record.message) for record in streams.verbose] == ["verbose"]
    assert [str(record.message) for record in streams.debug] == ["debug"]
    assert [str(record.message_data) for record in streams.information] == ["information"]
    assert [(record.activity, record.percent_complete) for record in streams.progress] == [("progress", 50)]
    # Errors that do not end it leave a pipeline completed.
    assert shell.state == powershell.PSInvocationState.COMPLETED


@pytest.mark.parametrize("merge", ["merge_error", "merge_all"])
def test_streams_are_merged_into_output(pool, merge):
    powershell = pytest.importorskip("pypsrp.powershell")
    shell = powershell.PowerShell(pool).add_cmdlet("Write-Error").add_parameter("Message", "oops")
    getattr(shell, merge)("output")
    shell.add_statement().add_cmdlet("Write-Warning").add_parameter("Message", "careful")
    getattr(shell, merge)("output")
    output = shell.invoke()
    assert shell.streams.error == []
    if merge == "merge_all":
        assert [str(record) for record in output] == ["oops", "careful"] and shell.streams.warning == []
    else:
        assert [str(record) for record in output] == ["oops"] and len(shell.streams.warning) == 1


def test_what_is_merged_reaches_the_next_command(pool):
    powershell = pytest.importorskip("pypsrp.powershell")
    shell = powershell.PowerShell(pool).add_cmdlet("Get-Service").add_parameter("Name", ["nosuch", "W32Time"])
    shell.merge_error("output").add_cmdlet("Measure-Object")
    (measured,) = shell.invoke()
    assert measured.adapted_properties.get("Count", measured.extended_properties.get("Count")) == 2
    assert shell.streams.error == []

    # A command takes what those before it did not merge themselves.
    shell = powershell.PowerShell(pool).add_cmdlet("Get-Service").add_parameter("Name", ["nosuch", "W32Time"])
    shell.add_cmdlet("Write-Output").merge_previous(True)
    assert len(shell.invoke()) == 2 and shell.streams.error == []


def test_a_merge_that_is_taken_back(pool):
    powershell = pytest.importorskip("pypsrp.powershell")
    shell = powershell.PowerShell(pool).add_cmdlet("Write-Error").add_parameter("Message", "oops")
    shell.merge_all("output").merge_reset()
    assert shell.invoke() == [] and len(shell.streams.error) == 1


def test_a_pipeline_is_used_again(pool):
    powershell = pytest.importorskip("pypsrp.powershell")
    shell = powershell.PowerShell(pool).add_cmdlet("Write-Output").add_argument("first")
    assert shell.invoke() == ["first"]
    shell.close()
    shell.clear_commands()
    shell.clear_streams()
    shell.add_cmdlet("Write-Output").add_argument("second")
    assert shell.invoke(add_to_history=True) == ["second"]
    shell.close()


def test_a_pipeline_is_polled(pool):
    powershell = pytest.importorskip("pypsrp.powershell")
    shell = powershell.PowerShell(pool).add_cmdlet("Start-Sleep").add_parameter("Milliseconds", 1500).add_statement()
    shell.add_cmdlet("Write-Output").add_argument("late")
    shell.begin_invoke()
    shell.poll_invoke(timeout=1)
    assert (shell.state, shell.output) == (powershell.PSInvocationState.RUNNING, [])
    assert shell.end_invoke() == ["late"]


def test_input_comes_in_pieces(pool):
    powershell = pytest.importorskip("pypsrp.powershell")

    def pieces():
        yield "one"
        yield ["two", {"three": 3}]
        yield "x" * 600_000

    shell = powershell.PowerShell(pool).add_cmdlet("Write-Output")
    one, two, three, long = shell.invoke(pieces())
    assert (one, two, three, len(long)) == ("one", "two", {"three": 3}, 600_000)


def test_a_nested_pipeline_runs_while_its_parent_does(pool):
    powershell = pytest.importorskip("pypsrp.powershell")
    parent = powershell.PowerShell(pool).add_cmdlet("Start-Sleep").add_parameter("Seconds", 60)
    parent.begin_invoke()
    nested = parent.create_nested_power_shell().add_cmdlet("Write-Output").add_argument("inside")
    assert nested.invoke() == ["inside"]
    parent.stop()
    assert parent.state == powershell.PSInvocationState.STOPPED


def test_a_pool_tells_whether_it_is_alive(start):
    powershell = pytest.importorskip("pypsrp.powershell")
    pool = powershell.RunspacePool(connect_pypsrp(start([]), [], "ntlm"))
    pool.open()
    assert pool.is_alive()
    pool.disconnect()
    assert not pool.is_alive()


def test_a_pool_with_all_its_settings(start):
    powershell = pytest.importorskip("pypsrp.powershell")
    objects = pytest.importorskip("pypsrp.complex_objects")
    exceptions = pytest.importorskip("pypsrp.exceptions")
    pool = powershell.RunspacePool(
        connect_pypsrp(start([]), [], "negotiate"),
        apartment_state=objects.ApartmentState.MTA,
        thread_options=objects.PSThreadOptions.REUSE_THREAD,
        min_runspaces=2,
        max_runspaces=4,
        no_profile=True,
        idle_timeout=600,
    )
    pool.open(application_arguments={"correlation": "4711", "nested": {"list": [1, 2]}})
    try:
        assert (pool.min_runspaces, pool.max_runspaces) == (2, 4)
        assert pool.application_private_data.data["PSVersionTable"]["PSVersion"].startswith("5.1")
        pool.min_runspaces = 3
        with pytest.raises(exceptions.InvalidPSRPOperation):
            pool.min_runspaces = 5
        with pytest.raises(exceptions.InvalidPSRPOperation):
            pool.max_runspaces = 1
        assert pool.get_available_runspaces() == 4
    finally:
        pool.close()


def test_an_endpoint_that_offers_some_commands(start):
    powershell = pytest.importorskip("pypsrp.powershell")
    facts = start([])
    wsman = connect_pypsrp(facts, [], "ntlm")
    with powershell.RunspacePool(wsman, configuration_name=facts["restricted"]) as pool:
        assert len(powershell.PowerShell(pool).add_cmdlet("Get-Service").add_argument("W32Time").invoke()) == 1
        hidden = powershell.PowerShell(pool).add_cmdlet("Get-ChildItem")
        assert hidden.invoke() == [] and hidden.had_errors


def test_what_another_client_left_is_found_and_taken_over(start):
    powershell = pytest.importorskip("pypsrp.powershell")
    facts = start([])
    first = powershell.RunspacePool(connect_pypsrp(facts, [], "ntlm"))
    first.open()
    running = powershell.PowerShell(first).add_cmdlet("Start-Sleep").add_parameter("Seconds", 1).add_statement()
    running.add_cmdlet("Write-Output").add_argument("kept")
    running.begin_invoke()
    first.disconnect()

    second = connect_pypsrp(facts, [], "negotiate")
    (pool,) = powershell.RunspacePool.get_runspace_pools(second)
    assert pool.id == first.id
    pool.connect()
    (taken,) = pool.create_disconnected_power_shells()
    assert taken.id == running.id
    assert taken.connect() == ["kept"] and not taken.had_errors
    # The pool is the second client's now.
    assert powershell.PowerShell(pool).add_cmdlet("Write-Output").add_argument("mine").invoke() == ["mine"]
    pool.close()
    assert powershell.RunspacePool.get_runspace_pools(second) == []


def test_a_host_with_a_screen_is_described_and_written_to(start):
    powershell = pytest.importorskip("pypsrp.powershell")
    host = pytest.importorskip("pypsrp.host")
    objects = pytest.importorskip("pypsrp.complex_objects")
    told = []

    class UI(host.PSHostUserInterface):
        def WriteLine2(self, runspace, pipeline, value):
            told.append(value)

    size, place = objects.Size(width=120, height=50), objects.Coordinates(x=1, y=2)
    raw = host.PSHostRawUserInterface(
        "title", 10, objects.Color(value=objects.Color.WHITE), objects.Color(value=objects.Color.BLUE),
        place, place, size, size, size, size,
    )
    screen = host.PSHost(None, None, False, "test", None, UI(raw), "1.0")
    with powershell.RunspacePool(connect_pypsrp(start([]), [], "ntlm"), host=screen) as pool:
        rehearsal = powershell.PowerShell(pool).add_cmdlet("Stop-Service").add_argument("Spooler")
        rehearsal.add_parameter("WhatIf", True)
        assert rehearsal.invoke() == [] and not rehearsal.had_errors
    assert len(told) == 1 and told[0].startswith("What if: ")


def test_the_client_of_pypsrp(start):
    client = pytest.importorskip("pypsrp.client")
    facts = start([])
    with client.Client(
        "localhost", port=facts["port"], username=facts["user"], password=facts["password"],
        auth="ntlm", ssl=True, cert_validation=facts["ca"],
    ) as connected:
        assert connected.execute_cmd("hostname") == ("WEB-01\r\n", "", 0)
        stdout, _, code = connected.execute_cmd("echo %STAGE%", environment={"STAGE": "test"})
        assert (stdout, code) == ("test\r\n", 0)
