# SPDX-License-Identifier: Apache-2.0
"""The source checks of tools/: that they pass on this tree, and that they see what they are there for."""
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import check_allowed  # noqa: E402
import check_floors  # noqa: E402


def tree(files: dict[str, str]) -> tempfile.TemporaryDirectory:
    folder = tempfile.TemporaryDirectory()
    for name, text in files.items():
        path = Path(folder.name) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


class Floors(unittest.TestCase):
    def findings(self, files: dict[str, str]) -> list[str]:
        with tree(files) as folder:
            return [str(finding) for finding in check_floors.check(Path(folder))]

    def edge(self, source: str, included: str) -> list[str]:
        return self.findings({source: f'// a file\n#include "{included}"\n'})

    def test_this_tree_keeps_its_floors(self):
        self.assertEqual([str(finding) for finding in check_floors.check(ROOT)], [])

    def test_every_row_names_rows(self):
        for row, below in check_floors.FLOORS.items():
            self.assertNotIn(row, below)
            self.assertLessEqual(below, set(check_floors.FLOORS), row)

    def test_the_table_has_no_cycle(self):
        done: set[str] = set()
        while len(done) < len(check_floors.FLOORS):
            ready = {row for row, below in check_floors.FLOORS.items() if row not in done and below <= done}
            self.assertTrue(ready, set(check_floors.FLOORS) - done)
            done |= ready

    def test_downwards_is_allowed(self):
        for source, included in [
                ("src/base/time.h", "base/result.h"), ("src/llm/usage.h", "base/money.h"),
                ("src/llm/anthropic/usage.cpp", "llm/json/cursor.h"), ("src/llm/sse/scanner.cpp", "llm/json/text_scan.h"),
                ("src/pricing/cost.h", "llm/usage.h"), ("src/net/stream.cpp", "net/http1/head.h"),
                ("src/store/entry.h", "llm/usage.h"), ("src/store/sqlite/ledger.h", "store/ledger.h"),
                ("src/gateway/relay/join.cpp", "gateway/session.h"), ("src/quota/book/room.h", "quota/bucket.h"),
                ("src/admin/api.cpp", "operations/enable_port.h"), ("src/config/options.h", "net/listen_options.h"),
                ("src/config/load.cpp", "quota/queue_policy.h"), ("src/app/wiring.cpp", "config/load.h"),
                ("src/app/cli/cost_command.cpp", "store/sqlite/ledger.h"), ("sim/model/bucket.h", "base/time.h"),
                ("sim/server.cpp", "sim/model/bucket.h")]:
            with self.subTest(source=source, included=included):
                self.assertEqual(self.edge(source, included), [])

    def test_up_and_sideways_are_refused(self):
        for source, included in [
                ("src/base/time.h", "llm/usage.h"), ("src/llm/usage.h", "llm/json/cursor.h"),
                ("src/llm/anthropic/usage.cpp", "llm/openai/usage.h"), ("src/llm/json/cursor.cpp", "llm/sse/scanner.h"),
                ("src/pricing/cost.h", "quota/bucket.h"), ("src/quota/bucket.h", "quota/book/room.h"),
                ("src/pricing/cost.h", "metrics/counter.h"), ("src/net/stream.cpp", "llm/usage.h"),
                ("src/net/http1/head.h", "net/reactor.h"), ("src/store/fold.cpp", "upstream/provider.h"),
                ("src/store/fold.cpp", "store/sqlite/ledger.h"), ("src/gateway/session.h", "admin/api.h"),
                ("src/gateway/session.h", "operations/enable_port.h"), ("src/admin/api.cpp", "operations/enable.h"),
                ("src/gateway/session.h", "config/options.h"), ("src/config/load.cpp", "net/url.h"),
                ("src/config/load.cpp", "app/cli_options.h"), ("src/admin/api.cpp", "app/wiring.h"),
                ("sim/server.cpp", "net/http1/head.h"), ("src/base/time.h", "sim/model/bucket.h")]:
            with self.subTest(source=source, included=included):
                found = self.edge(source, included)
                self.assertEqual(len(found), 1)
                self.assertTrue(found[0].startswith(f"{source}:2: "), found[0])

    def test_a_path_must_be_written_from_src_on(self):
        self.assertEqual(len(self.edge("src/net/stream.cpp", "reactor.h")), 1)
        self.assertEqual(len(self.edge("src/net/stream.cpp", "../base/time.h")), 1)

    def test_a_new_folder_needs_a_row(self):
        self.assertEqual(len(self.findings({"src/helpers/a.h": ""})), 1)

    def test_pure_modules_touch_no_socket_no_tls_no_database(self):
        for header in ("openssl/ssl.h", "sqlite3.h", "boost/asio/buffer.hpp", "sys/socket.h"):
            with self.subTest(header=header):
                self.assertEqual(len(self.findings({"src/quota/bucket.h": f"#include <{header}>\n"})), 1)
                self.assertEqual(self.findings({"src/upstream/call.h": f"#include <{header}>\n"}), [])

    def test_pure_targets_link_no_machinery(self):
        text = "tidegate_library(tidegate_{}\n  SOURCES a.cpp\n  LINKS tidegate_base PRIVATE_LINKS OpenSSL::SSL)\n"
        self.assertEqual(self.findings({"src/pricing/CMakeLists.txt": text.format("pricing")}),
                         ["src/pricing/CMakeLists.txt:3: the pure target tidegate_pricing links OpenSSL::SSL"])
        self.assertEqual(self.findings({"src/net/CMakeLists.txt": text.format("net")}), [])


class Allowed(unittest.TestCase):
    def findings(self, name: str, text: str) -> list[str]:
        return [str(finding) for finding in check_allowed.check_text(name, text)]

    def test_this_tree_names_nothing_it_may_not(self):
        self.assertEqual([str(finding) for finding in check_allowed.check(ROOT)], [])

    def test_each_rule_sees_its_names(self):
        for code in ("auto t = std::chrono::steady_clock::now();", "clock_gettime(CLOCK_REALTIME, &t);", "time_t t = ::time(nullptr);",
                     'const char* home = getenv("HOME");', "#include <sqlite3.h>", "sqlite3_open(name);", "PQexec(c, q);",
                     "boost::asio::io_context io;", "#include <boost/asio/buffer.hpp>", "log(key.reveal());"):
            with self.subTest(code=code):
                found = self.findings("src/gateway/journey.cpp", f"\n{code}\n")
                self.assertEqual(len(found), 1)
                self.assertTrue(found[0].startswith("src/gateway/journey.cpp:2: "), found[0])

    def test_each_place_with_a_reason_may_name_them(self):
        for name, code in [("src/base/system_clock.cpp", "steady_clock::now()"), ("src/app/cli/serve_command.cpp", 'getenv("X")'),
                           ("src/store/sqlite/ledger.cpp", "sqlite3_open(x)"), ("src/upstream/provider.cpp", "key.reveal()"),
                           ("sim/server.cpp", "boost::asio::io_context io;")]:
            with self.subTest(name=name):
                self.assertEqual(self.findings(name, code), [])

    def test_comments_and_strings_are_no_code(self):
        text = '// getenv\n/* steady_clock::now()\n */ auto a = "sqlite3"; auto b = R"(asio::)"; auto c = 10\'000; // \'reveal()\'\n'
        self.assertEqual(self.findings("src/gateway/journey.cpp", text), [])

    def test_a_digit_separator_hides_no_code(self):
        self.assertEqual(len(self.findings("src/gateway/a.cpp", "int a = 1'000; getenv(x); int b = 2'000;\n")), 1)

    def test_every_exception_has_a_reason(self):
        for rule in check_allowed.RULES:
            for pattern, reason in rule.allowed.items():
                self.assertTrue(reason.strip(), f"{rule.name}: {pattern}")


if __name__ == "__main__":
    unittest.main()
