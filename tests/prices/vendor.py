"""A vendor of prices for tests. Keeps its last request, and behaves as the file `mode` says."""

import json
import os
import subprocess
import sys
import time

HEADER = "symbol,date,close"


def known():
    with open("closes.csv", encoding="utf-8") as file:
        rows = [line.strip().split(",") for line in file]
    return {(symbol, day): close for symbol, day, close in rows}


def attempt():
    """Returns the number of this attempt, from 1."""
    with open("attempts", "a", encoding="utf-8") as file:
        file.write("attempt\n")
    with open("attempts", encoding="utf-8") as file:
        return len(file.readlines())


with open("mode", encoding="utf-8") as file:
    mode, _, times = file.read().strip().partition(" ")
lines = sys.stdin.readlines()
number = attempt()
with open("request.jsonl", "w", encoding="utf-8") as file:
    file.writelines(lines)
if mode == "slow":
    child = subprocess.Popen(["sleep", "86400"], start_new_session=True)
    with open("pids", "w", encoding="utf-8") as file:
        file.write(f"{os.getpid()} {child.pid}")
    time.sleep(86400)
elif mode == "limited" and number <= int(times):
    sys.exit("HTTP 429 for https://vendor.example/closes?api_token=s3cr3t-in-url")
elif mode == "down":
    print("failed to connect to vendor.example", file=sys.stderr)
    sys.exit(f"retry later, key={os.environ.get('VENDOR_KEY', '')}")
elif mode == "wrong":
    print("<!doctype html><html><body>Too many requests</body></html>")
elif mode == "refused-row":
    print(HEADER)
    print("NIMB,2026-01-07,abc")
elif mode == "header":
    print(HEADER)
elif mode == "endless":
    while True:
        print("NIMB,2026-01-07,100")
elif mode != "empty":
    closes = known()
    print(HEADER)
    for wanted in map(json.loads, lines):
        for day in wanted["days"]:
            close = closes.get((wanted["symbol"], day))
            if close:
                print(f"{wanted['symbol']},{day},{close}")
