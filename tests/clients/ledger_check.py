# SPDX-License-Identifier: Apache-2.0
"""Compares the simulator's own books with the gateway's ledger, request by request and in sum."""
import decimal
import json
import sqlite3
import subprocess

# What the simulator calls it, what the view `entries` calls it.
TOKENS = {
    "input_tokens": "input",
    "cache_read_input_tokens": "cache_read",
    "cache_creation_5m_input_tokens": "cache_write_5m",
    "cache_creation_1h_input_tokens": "cache_write_1h",
    "output_tokens": "output",
}


def read_entries(ledger):
    connection = sqlite3.connect(f"file:{ledger}/ledger.db?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in connection.execute("SELECT * FROM entries")]
    finally:
        connection.close()


def compare_charge(charge, entry):
    """What differs between one charge and its entry, as lines."""
    name = f"{charge['request_id']} ({charge['model']}, {charge['outcome']})"
    if charge["outcome"] == "completed" and not entry["estimated"]:
        expected = {theirs: charge[ours] for ours, theirs in TOKENS.items()}
        if entry["dialect"] == "openai":  # tells what was read from its cache, not what was written to it
            expected["input"] += expected.pop("cache_write_5m")
        for column, tokens in expected.items():
            if (entry[column] or 0) != tokens:
                yield f"{name}: {column} is {entry[column]}, charged was {tokens}"
        if not entry["price_known"]:
            yield f"{name}: no price for the model"
        elif round((entry["cost_dollars"] or 0) * 1e9) != charge["cost_nanodollars"]:
            yield f"{name}: costs {entry['cost_dollars']} $, charged were {charge['cost_nanodollars']} nano-dollars"
    elif charge["output_tokens"] > 0 and not entry["output"]:
        # Usage was not told: the stream broke off, the client left, or it did not ask for it. Then an estimate stands there.
        yield f"{name}: {charge['output_tokens']} tokens were produced, none is in the entry"
    if charge["outcome"] != "completed" and entry["state"] == "completed":
        yield f"{name}: the entry says completed"


def compare_sums(entries, report):
    """`tidegate cost` must tell what the entries hold."""
    sums = {"requests": sum(1 for entry in entries if entry["attempt"] == 1)}
    for column, names in {"input_tokens": ["input"], "cache_read_tokens": ["cache_read"],
                          "cache_write_tokens": ["cache_write_5m", "cache_write_1h"], "output_tokens": ["output"]}.items():
        sums[column] = sum(entry[name] or 0 for entry in entries for name in names)
    for column, expected in sums.items():
        told = sum(row[column] for row in report["rows"])
        if told != expected:
            yield f"tidegate cost: {column} is {told}, the entries hold {expected}"
    cost = sum(round((entry["cost_dollars"] or 0) * 1e9) for entry in entries)
    told = decimal.Decimal(report["total_usd"]) * 10**9
    if told != cost:
        yield f"tidegate cost: {report['total_usd']} $ in all, the entries hold {cost} nano-dollars"


def read_report(tidegate, ledger, *arguments):
    command = [tidegate, "cost", "--ledger", str(ledger), "--since", "1h", "--format", "json", *arguments]
    return json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)


def compare_session(session, entries, report):
    """`tidegate cost --session` must find what a session of Claude Code made."""
    expected = sum(1 for entry in entries if entry["session"] == session and entry["attempt"] == 1)
    told = sum(row["requests"] for row in report["rows"])
    if expected == 0 or told != expected:
        yield f"session {session}: {expected} entries, tidegate cost --session tells {told}"


def compare(stats, tidegate, ledger, sessions=()):
    """`stats`: what GET /sim/stats gave. `ledger`: the folder of a stopped gateway. `sessions`: ids that must be found in it.
    Gives what is wrong, as lines."""
    entries = read_entries(ledger)
    by_id = {}
    for entry in entries:
        if entry["upstream_request_id"]:
            by_id.setdefault(entry["upstream_request_id"], []).append(entry)
    wrong = []
    for charge in stats["charges"]:
        found = by_id.get(charge["request_id"], [])
        if len(found) != 1:
            wrong.append(f"{charge['request_id']} ({charge['model']}): charged once, {len(found)} entries")
        elif charge["service_tier"] != "batch":  # the gateway sees a batch being made, not what it costs in the end
            wrong.extend(compare_charge(charge, found[0]))
    charged = {charge["request_id"] for charge in stats["charges"]}
    for entry in entries:
        # What the provider had and nobody heard the end of may have cost something there; here it is an estimate of the input.
        is_unheard = entry["estimated"] and not entry["upstream_status"] and not entry["output"]
        if (entry["cost_dollars"] or 0) > 0 and entry["upstream_request_id"] not in charged and not is_unheard:
            wrong.append(f"{entry['request_id']}: costs {entry['cost_dollars']} $, and the provider charged nothing")
    if len([e for e in entries if e["upstream_status"]]) != stats["served"]:
        wrong.append(f"{len([e for e in entries if e['upstream_status']])} entries have an answer, the provider gave {stats['served']}")
    wrong.extend(compare_sums(entries, read_report(tidegate, ledger, "--by", "model,endpoint")))
    for session in sessions:
        wrong.extend(compare_session(session, entries, read_report(tidegate, ledger, "--session", session)))
    return wrong
