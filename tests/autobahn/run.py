#!/usr/bin/env python3
"""Runs the Autobahn fuzzing client against the connection layer behind an echo handler.

    run.py PYTHON2 SUITE_DIR ECHO_BINARY REPORT_DIR [CASE ...]

The binary prints its address first and ends with its standard input. Prints a table of what
behaved how, and fails on anything that is not OK, NON-STRICT or INFORMATIONAL.
"""
import collections
import json
import os
import pathlib
import subprocess
import sys

GOOD = {"OK", "NON-STRICT", "INFORMATIONAL"}


def main() -> int:
    python, suite, binary, report = *sys.argv[1:4], pathlib.Path(sys.argv[4])
    cases = sys.argv[5:] or ["*"]
    report.mkdir(parents=True, exist_ok=True)
    echo = subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        address = echo.stdout.readline().strip()
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
        done = subprocess.run(command, stdout=(report / "wstest.log").open("w"), stderr=subprocess.STDOUT,
                              env={**os.environ, "PYTHONPATH": suite}, timeout=1500)
        if done.returncode != 0:
            print((report / "wstest.log").read_text()[-2000:])
            return 1
    finally:
        echo.stdin.close()
        echo.wait(timeout=10)
    return judge(json.loads((report / "index.json").read_text())["stereo"])


def judge(results: dict) -> int:
    groups = collections.defaultdict(collections.Counter)
    bad = []
    for case, result in results.items():
        for what in ("behavior", "behaviorClose"):
            if result[what] not in GOOD:
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
