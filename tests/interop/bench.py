"""What PowerShell remoting costs beside pypsrp with a kept pool, in one run against ../shared/listener.

`python tests/interop/bench.py` with the packages of requirements.txt, after
`cargo build --profile dist -p winrm --example pipeline`, the profile of releases. Both clients are programs of their
own; CPU time is what the system counted for them when they ended (getrusage), less that of the same program with one
call. Exits with 1 where a bound is missed.
"""

import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

WORKSPACE = pathlib.Path(__file__).resolve().parents[2]
OURS = pathlib.Path(os.environ.get("WINRM_PIPELINE", WORKSPACE / "target" / "dist" / "examples" / "pipeline"))
LISTENER = pathlib.Path(
    os.environ.get("WINRM_LISTENER", WORKSPACE.parent / "shared" / "listener" / "listener.py")
)
ROUNDS = 3
CALLS = 500
OBJECTS = 20_000
SIDE_BY_SIDE = 8


def main():
    with tempfile.TemporaryDirectory() as directory:
        listener, facts = start_listener(directory)
        try:
            failed = [measure(facts) for measure in (warm_calls, many_objects, side_by_side)].count(False)
        finally:
            listener.kill()
            listener.wait()
    return 1 if failed else 0


def start_listener(directory):
    command = [sys.executable, str(LISTENER), "--tls", "--dir", directory]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    return process, json.loads(process.stdout.readline())


def warm_calls(facts):
    """CPU of the client for a warm call: connecting and opening the pool are in the program with one call, too."""
    per_call = {}
    for client in (ours, pypsrp):
        def used(calls):
            return cpu(client, facts, calls, "Write-Output", "x")

        per_call[client] = statistics.median(used(CALLS + 1) - used(1) for _ in range(ROUNDS)) / CALLS
    return verdict(
        f"CPU of a warm call (median of {ROUNDS}, {CALLS} calls in one pool)",
        per_call[ours] * 1e3, per_call[pypsrp] * 1e3, "ms", factor=10,
    )


def many_objects(facts):
    """CPU of the client for many objects of one pipeline, less that for one."""
    flood = {}
    for client in (ours, pypsrp):
        def used(objects):
            return cpu(client, facts, 1, "Rig-Flood", objects)

        flood[client] = statistics.median(used(OBJECTS) - used(1) for _ in range(ROUNDS))
    return verdict(
        f"CPU of {OBJECTS} output objects (median of {ROUNDS})",
        flood[ours] * 1e3, flood[pypsrp] * 1e3, "ms", factor=8,
    )


def side_by_side(facts):
    """Wall time of pipelines that sleep for a second each, all at once in one pool that is open."""
    environment = {"WINRM_AT_ONCE": str(SIDE_BY_SIDE), "WINRM_TIMES": str(ROUNDS)}
    done = run_ours(facts, environment, "Rig-Sleep", 1)
    times = [seconds(line) for line in done.stderr.splitlines() if line.endswith("s") and line[0].isdigit()]
    wall = statistics.median(times)
    met = len(times) == ROUNDS and wall < 1.5
    print(f"{SIDE_BY_SIDE} pipelines that sleep 1 s in one pool: {wall:.2f} s (bound: 1.5 s){'' if met else ' MISSED'}")
    return met


def verdict(what, own, other, unit, factor):
    met = own * factor <= other
    print(
        f"{what}: {own:.2f} {unit}, pypsrp {other:.2f} {unit}, {other / own:.1f} times less"
        f" (bound: {factor}){'' if met else ' MISSED'}"
    )
    return met


def cpu(client, facts, times, command, argument):
    """User and system time of one run of a client, in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    client(facts, times, command, argument)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def ours(facts, times, command, argument):
    run_ours(facts, {"WINRM_TIMES": str(times)}, command, argument)


def run_ours(facts, environment, command, argument):
    url = f"https://localhost:{facts['port']}/wsman"
    arguments = [str(OURS), url, facts["user"], facts["ca"], command, str(argument)]
    environment = {"WINRM_PASSWORD": facts["password"], "WINRM_QUIET": "1", **environment}
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done


def pypsrp(facts, times, command, argument):
    arguments = [sys.executable, __file__, "--pypsrp", json.dumps(facts), str(times), command, str(argument)]
    subprocess.run(arguments, check=True, timeout=600)


def pypsrp_program(facts, times, command, argument):
    """The same as our example: one pool, one pipeline after the other, every object taken and counted."""
    from pypsrp.powershell import PowerShell, RunspacePool
    from pypsrp.wsman import WSMan

    wsman = WSMan(
        "localhost",
        port=facts["port"],
        username=facts["user"],
        password=facts["password"],
        ssl=True,
        auth="negotiate",
        cert_validation=facts["ca"],
    )
    argument = int(argument) if argument.isdigit() else argument
    with wsman, RunspacePool(wsman) as pool:
        for _ in range(int(times)):
            shell = PowerShell(pool)
            shell.add_cmdlet(command).add_argument(argument)
            assert shell.invoke() and not shell.had_errors


def seconds(text):
    """A duration as Rust shows it."""
    for unit, factor in (("ms", 1e-3), ("µs", 1e-6), ("s", 1.0)):
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * factor
    raise ValueError(text)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--pypsrp"]:
        pypsrp_program(json.loads(sys.argv[2]), *sys.argv[3:])
    else:
        began = time.monotonic()
        code = main()
        print(f"took {time.monotonic() - began:.0f} s", file=sys.stderr)
        sys.exit(code)
