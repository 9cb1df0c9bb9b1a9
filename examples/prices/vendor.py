#!/usr/bin/env python3
"""Fetches the closes that Plimsoll asks for from Tiingo, with the key in a file.

Reads a JSON object a line from standard input: symbol, class, currency, calendar if it has one of its
own, first and last day, and the days. Writes `symbol,date,close,currency` to standard output: raw
closes, of these days only. Ends with a code other than 0 if the vendor cannot be asked, so that Plimsoll
tries again; a symbol that the vendor does not know has no rows.

    vendor.py --key-file tiingo.key [--symbols symbols.csv] [--url https://api.tiingo.com]

`symbols.csv` has the columns `symbol` and `vendor`, for symbols that the vendor writes otherwise. Only
the standard library of Python 3.8 or later is needed.
"""

import argparse
import csv
import json
import sys
import urllib.error
import urllib.parse
import urllib.request

# Seconds for one answer. The timeout of Plimsoll limits all of them together.
TIMEOUT = 30
# Classes that this vendor has under these addresses.
CLASSES = {"equity", "fund"}


def read_names(path):
    """Returns the vendor's names of symbols."""
    if path is None:
        return {}
    with open(path, newline="", encoding="utf-8") as file:
        return {row["symbol"]: row["vendor"] for row in csv.DictReader(file)}


def fetch(url, key, name, first, last):
    """Returns the rows of a symbol, or none if the vendor does not know it."""
    query = urllib.parse.urlencode({"startDate": first, "endDate": last, "format": "csv"})
    address = f"{url}/tiingo/daily/{urllib.parse.quote(name, safe='')}/prices?{query}"
    # In a header, so that no address in a log or an error has it.
    request = urllib.request.Request(address, headers={"Authorization": f"Token {key}"})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            text = answer.read().decode("utf-8")
    except urllib.error.HTTPError as error:
        if error.code == 404:
            print(f"unknown symbol {name}", file=sys.stderr)
            return []
        raise
    rows = list(csv.DictReader(text.splitlines()))
    if text.strip() and rows and not {"date", "close"} <= rows[0].keys():
        raise ValueError(f"unexpected columns for {name}: {', '.join(rows[0])}")
    return rows


def main():
    parser = argparse.ArgumentParser(description="Fetch closes from Tiingo.")
    parser.add_argument("--key-file", required=True)
    parser.add_argument("--symbols")
    parser.add_argument("--url", default="https://api.tiingo.com")
    options = parser.parse_args()
    with open(options.key_file, encoding="utf-8") as file:
        key = file.read().strip()
    names = read_names(options.symbols)
    output = csv.writer(sys.stdout, lineterminator="\n")
    output.writerow(["symbol", "date", "close", "currency"])
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["class"] not in CLASSES:
            continue
        symbol, days = asked["symbol"], set(asked["days"])
        name = names.get(symbol, symbol)
        for row in fetch(options.url, key, name, asked["first"], asked["last"]):
            day = row["date"][:10]
            if day in days:
                output.writerow([symbol, day, row["close"], asked["currency"]])


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError, KeyError) as error:
        # One line: Plimsoll shows the last one. It has no key and no address.
        code = getattr(error, "code", None)
        reason = f"the vendor answered {code}" if code else f"{type(error).__name__}: {error}"
        print(reason, file=sys.stderr)
        sys.exit(75)
