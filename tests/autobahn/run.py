#!/usr/bin/env python3
"""Runs the Autobahn fuzzing client against the connection layer behind an echo handler.

    run.py PYTHON2 SUITE_DIR ECHO_BINARY REPORT_DIR [CASE ...]

The binary prints its address first and ends with its standard input. The suite runs as two clients
at once, for it is slow and uses one core. Prints a table of what behaved how, and fails on anything
that is not OK, NON-STRICT or INFORMATIONAL.
"""
import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

GOOD = {"OK", "NON-STRICT", "INFORMATIONAL"}
# All cases, about half of the time each: those with permessage-deflate's larger windows, and the rest.
ALL = {"most": [f"{group}.*" for group in range(1, 13)], "deflate": ["13.*"]}
MOST_S = 2400


def main() -> int:
    python, suite, binary, report = *sys.argv[1:4], pathlib.Path(sys.argv[4])
    chosen = sys.argv[5:]
    shares = ALL if chosen in ([], ["*"]) else halves(chosen)
    shutil.rmtree(report, ignore_errors=True)
    echo = subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    clients = {}
    try:
        address = echo.stdout.readline().strip()
        clients = {name: client(python, suite, address, cases, report / name) for name, cases in shares.items()}
        end = time.monotonic() + MOST_S
        for process in clients.values():
            process.wait(end - time.monotonic())
    except subprocess.TimeoutExpired:
        print(f"autobahn: not done after {MOST_S} s")
    finally:
        for process in clients.values():
            process.kill()
        echo.stdin.close()
        echo.wait(timeout=10)
    results = {}
    for name in shares:
        if not (report / name / "index.json").exists():
            print(f"autobahn: {name} ended without a report:\n" + (report / name / "wstest.log").read_text()[-500:])
            return 1
        results |= json.loads((report / name / "index.json").read_text())["stereo"]
    return judge(results)


def halves(cases: list[str]) -> dict[str, list[str]]:
    """Chosen cases for two clients: those of compression, and the rest."""
    deflate = [case for case in cases if case.startswith(("12.", "13."))]
    most = [case for case in cases if case not in deflate]
    return {name: cases for name, cases in [("most", most), ("deflate", deflate)] if cases}


def client(python: str, suite: str, address: str, cases: list[str], report: pathlib.Path) -> subprocess.Popen:
    """One fuzzing client, whose report goes into a folder of its own."""
    report.mkdir(parents=True)
    spec = report / "spec.json"
    spec.write_text(json.dumps({
        "outdir": str(report),
        "servers": [{"agent": "stereo", "url": address}],
        "cases": cases,
        "exclude-cases": [],
        "exclude-agent-cases": {},
    }))
    start = "from autobahntestsuite import wstest; wstest.run()"
    command = [python, "-c", start, "-m", "fuzzingclient", "-s", str(spec)]
    with (report / "wstest.log").open("w") as log:
        return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, "PYTHONPATH": suite})


# These ask for a window of 512 bytes and offer nothing else. A frame is compressed once for a whole
# room, with one window: such an offer is declined, as RFC 7692 §5.1 allows, and nothing is compressed.
DECLINED = ("13.3.", "13.5.")


def judge(results: dict) -> int:
    groups = collections.defaultdict(collections.Counter)
    bad = []
    for case, result in results.items():
        for what in ("behavior", "behaviorClose"):
            declined = result[what] == "UNIMPLEMENTED" and case.startswith(DECLINED)
            if result[what] not in GOOD and not declined:
                bad.append(f"{case} {what}: {result[what]}")
        groups[int(case.split(".")[0])][result["behavior"]] += 1
    for group in sorted(groups):
        print(f"  {group:>3}.*  " + ", ".join(f"{count} {how}" for how, count in sorted(groups[group].items())))
    for line in bad:
        print("  " + line)
    print(f"autobahn: {len(results) - len({line.split()[0] for line in bad})} passed, {len({line.split()[0] for line in bad})} failed")
    return 1 if bad or not results else 0


if __name__ == "__main__":
    sys.exit(main())
