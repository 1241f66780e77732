# SPDX-License-Identifier: Apache-2.0
"""The judge of `./bench/run crash`: that it sees what it is there for."""
import pathlib
import sys
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
from suite import crash  # noqa: E402

ANSWER = ["session-1", "own-1", "theirs-1"]
CHARGE = {"request_id": "theirs-1", "session": "session-1", "outcome": "completed", "at": 0}
ENTRY = {"request_id": "own-1", "attempt": 1, "session": "session-1", "upstream_request_id": "theirs-1", "state": "completed", "cost_dollars": 0.01,
         "estimated": 0}
CUT = ENTRY | {"request_id": "own-2", "session": "session-2", "upstream_request_id": "", "state": "interrupted", "estimated": 1}
CUT_CHARGE = CHARGE | {"request_id": "theirs-2", "session": "session-2"}


class CompareTest(unittest.TestCase):
    def wrong(self, answers=(ANSWER,), charges=(CHARGE, CUT_CHARGE), entries=(ENTRY, CUT)):
        """The levels that are not reached."""
        return {name: count for name, count in crash.compare(answers, charges, entries, {}).items() if count != 0}

    def test_is_content_with_books_that_agree(self):
        self.assertEqual(self.wrong(), {})

    def test_sees_an_answer_and_a_charge_without_an_entry(self):
        self.assertEqual(self.wrong(entries=[CUT]), {"answers that a client received whole, without an entry": 1, "charges of the provider without an entry": 1})
        self.assertEqual(self.wrong(entries=[ENTRY]), {"charges of the provider without an entry": 1})

    def test_sees_an_entry_that_came_twice(self):
        self.assertEqual(self.wrong(entries=[ENTRY, CUT, CUT]), {"entries doubled": 1})

    def test_sees_an_interrupted_entry_that_costs_nothing(self):
        for nothing in (0, None):
            self.assertEqual(self.wrong(entries=[ENTRY, CUT | {"cost_dollars": nothing}]), {"interrupted entries without a cost": 1})


class KillsTest(unittest.TestCase):
    def test_each_kill_must_hit_an_answer_in_flight(self):
        context = mock.MagicMock(quick=True, folder="/nowhere")
        load = mock.MagicMock()
        load.return_value.stop.return_value = ({"completed": 1, "wrong": 0, "broken": 0, "refused": 0}, [])
        with mock.patch.multiple(crash, Server=mock.DEFAULT, Load=load, cores=lambda: (0, 1), free_port=lambda: 0, start_gateway=mock.DEFAULT,
                                 read_stats_quickly=mock.Mock(side_effect=[32, 0, 32, 32, 0]), read_stats=lambda port: {"in_flight": 0, "charges": []},
                                 read_entries=lambda ledger: [], reported_requests=lambda program, ledger: 0), mock.patch("time.sleep"):
            crash.run(context)
        context.level.assert_any_call("kills without an answer in flight", 2, "count", 0)


if __name__ == "__main__":
    unittest.main()
