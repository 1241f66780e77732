# SPDX-License-Identifier: Apache-2.0
"""What tests/clients finds in a ledger: each kind of loss must be seen, or its silence means nothing."""
import json
import pathlib
import sqlite3
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "clients"))
import ledger_check

CHARGE = {"request_id": "req_1", "model": "m", "outcome": "completed", "service_tier": "standard", "input_tokens": 5, "output_tokens": 12,
          "cache_read_input_tokens": 3, "cache_creation_5m_input_tokens": 2, "cache_creation_1h_input_tokens": 1, "cost_nanodollars": 700}
ENTRY = {"request_id": "req_tg1", "upstream_request_id": "req_1", "upstream_status": 200, "dialect": "anthropic", "state": "completed",
         "input": 5, "cache_read": 3, "cache_write_5m": 2, "cache_write_1h": 1, "output": 12, "cost_dollars": 7e-7, "estimated": 0,
         "price_known": 1, "attempt": 1}


class LedgerCheckTest(unittest.TestCase):
    def compare(self, charges, entries, served=None, **report):
        with tempfile.TemporaryDirectory() as folder:
            ledger = pathlib.Path(folder)
            connection = sqlite3.connect(ledger / "ledger.db")
            connection.execute(f"CREATE TABLE entries ({', '.join(ENTRY)})")
            for entry in entries:
                connection.execute(f"INSERT INTO entries VALUES ({', '.join('?' * len(ENTRY))})", [entry[name] for name in ENTRY])
            connection.commit()
            connection.close()
            row = {"requests": sum(1 for entry in entries if entry["attempt"] == 1), "input_tokens": sum(e["input"] for e in entries), "cache_read_tokens": sum(e["cache_read"] for e in entries),
                   "cache_write_tokens": sum(e["cache_write_5m"] + e["cache_write_1h"] for e in entries),
                   "output_tokens": sum(e["output"] for e in entries)} | report
            total = f"{sum(round(e['cost_dollars'] * 1e9) for e in entries) / 1e9:.9f}"
            program = ledger / "tidegate"
            program.write_text("#!/bin/sh\ncat <<'END'\n" + json.dumps({"rows": [row], "total_usd": total}) + "\nEND\n")
            program.chmod(0o755)
            stats = {"charges": charges, "served": len(entries) if served is None else served}
            return ledger_check.compare(stats, str(program), ledger)

    def test_counts_a_request_once_however_often_it_was_tried(self):
        refused = ENTRY | {"upstream_request_id": "", "upstream_status": 429, "state": "failed", "input": 0, "cache_read": 0, "cache_write_5m": 0,
                           "cache_write_1h": 0, "output": 0, "cost_dollars": 0}
        again = ENTRY | {"attempt": 2}
        self.assertEqual(self.compare([CHARGE], [refused, again]), [])

    def test_is_content_with_books_that_agree(self):
        self.assertEqual(self.compare([CHARGE], [ENTRY]), [])

    def test_sees_a_charge_that_is_missing_or_doubled(self):
        self.assertIn("0 entries", " ".join(self.compare([CHARGE], [])))
        self.assertIn("2 entries", " ".join(self.compare([CHARGE], [ENTRY, ENTRY])))

    def test_sees_other_tokens_or_another_cost(self):
        for column in ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output"):
            self.assertTrue(self.compare([CHARGE], [ENTRY | {column: ENTRY[column] + 1}]), column)
        self.assertTrue(self.compare([CHARGE], [ENTRY | {"cost_dollars": 7.01e-7}]))
        self.assertTrue(self.compare([CHARGE], [ENTRY | {"price_known": 0}]))

    def test_sees_a_cost_that_nobody_charged_and_an_answer_that_nobody_gave(self):
        self.assertTrue(self.compare([], [ENTRY]))
        self.assertTrue(self.compare([CHARGE], [ENTRY], served=2))

    def test_sees_a_broken_answer_taken_for_a_whole_one_or_for_nothing(self):
        broken = CHARGE | {"outcome": "interrupted"}
        estimated = ENTRY | {"state": "truncated", "estimated": 1, "output": 10}
        self.assertEqual(self.compare([broken], [estimated]), [])
        self.assertTrue(self.compare([broken], [ENTRY]))
        self.assertTrue(self.compare([broken], [estimated | {"output": 0}]))

    def test_sees_a_report_that_sums_otherwise(self):
        self.assertTrue(self.compare([CHARGE], [ENTRY], output_tokens=11))
        self.assertTrue(self.compare([CHARGE], [ENTRY], requests=2))


if __name__ == "__main__":
    unittest.main()
