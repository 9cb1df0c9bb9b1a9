#!/usr/bin/env python3
"""Finds the closes that Plimsoll asks for in a folder with one file a symbol, such as `AAPL.csv`.

    folder.py FOLDER

Each file has a header with the columns `date` (2026-01-05) and `close`, in any case and place: the raw
close of the day, in the currency of the security. Reads a JSON object a line from standard input and
writes `symbol,date,close`. A symbol without a file, or a day without a row, has no answer. Only the
standard library of Python 3.8 or later is needed.
"""

import csv
import json
import pathlib
import sys


def closes(path):
    """Returns the closes of a file by day."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = csv.reader(file)
        header = [name.strip().lower() for name in next(rows, [])]
        date, close = header.index("date"), header.index("close")
        return {row[date]: row[close] for row in rows if row}


def main(folder):
    output = csv.writer(sys.stdout, lineterminator="\n")
    output.writerow(["symbol", "date", "close"])
    for line in sys.stdin:
        asked = json.loads(line)
        symbol = asked["symbol"]
        path = folder / f"{symbol}.csv"
        # A symbol is no path: one with a slash has no file here.
        if path.parent != folder or not path.is_file():
            print(f"no file for {symbol}", file=sys.stderr)
            continue
        known = closes(path)
        for day in asked["days"]:
            if known.get(day):
                output.writerow([symbol, day, known[day]])


if __name__ == "__main__":
    if len(sys.argv) != 2 or not pathlib.Path(sys.argv[1]).is_dir():
        sys.exit("usage: folder.py FOLDER, an existing folder")
    try:
        main(pathlib.Path(sys.argv[1]))
    except (OSError, ValueError, IndexError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
