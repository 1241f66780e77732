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
                ("sim/server.cpp", "net/http1/head.h"), ("sim/model/bucket.h", "sim/server/server.h"), ("src/base/time.h", "sim/model/bucket.h")]:
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
                self.assertEqual(len(self.findings({"sim/model/bucket.h": f"#include <{header}>\n"})), 1)
                self.assertEqual(self.findings({"src/upstream/call.h": f"#include <{header}>\n", "sim/server/session.h": f"#include <{header}>\n"}), [])

    def links(self, **targets: str) -> list[str]:
        """What is found in a house of these folders (`_` for `/`), of which each has the target and links that are given."""
        house = {"src/base/CMakeLists.txt": "tidegate_library(tidegate_base SOURCES a.cpp)"}
        for folder, text in targets.items():
            folder = folder.replace("_", "/")
            house[f"{folder if folder.startswith('sim') else 'src/' + folder}/CMakeLists.txt"] = text
        return self.findings(house)

    def test_pure_targets_link_no_machinery(self):
        text = "tidegate_library(tidegate_{}\n  SOURCES a.cpp\n  LINKS tidegate_base PRIVATE_LINKS OpenSSL::SSL)\n"
        self.assertEqual(self.links(pricing=text.format("pricing")), ["src/pricing/CMakeLists.txt:3: the pure target tidegate_pricing links OpenSSL::SSL"])
        self.assertEqual(self.links(net=text.format("net")), [])
        self.assertEqual(len(self.links(sim_model=text.format("sim_model"))), 1)

    def test_a_target_links_no_floor_above_it_and_none_beside_it(self):
        quota = "tidegate_library(tidegate_quota SOURCES a.cpp LINKS tidegate_base {})"
        store, net = "tidegate_library(tidegate_store SOURCES a.cpp LINKS tidegate_quota)", "tidegate_library(tidegate_net SOURCES a.cpp)"
        self.assertEqual(self.links(quota=quota.format(""), store=store), [])
        self.assertEqual(self.links(quota=quota.format("tidegate_store"), store=store),
                         ["src/quota/CMakeLists.txt:1: tidegate_quota links tidegate_store: quota may link only base, llm"])
        self.assertEqual(len(self.links(quota=quota.format("PRIVATE_LINKS tidegate_net"), net=net)), 1)

    def test_a_link_on_a_line_of_its_own_is_one(self):
        quota = "tidegate_library(tidegate_quota SOURCES a.cpp LINKS tidegate_base)\n\n"
        self.assertEqual(self.links(quota=quota + "target_link_libraries(tidegate_quota PRIVATE OpenSSL::SSL)"),
                         ["src/quota/CMakeLists.txt:3: the pure target tidegate_quota links OpenSSL::SSL"])
        store = "tidegate_library(tidegate_store SOURCES a.cpp)"
        self.assertEqual(len(self.links(quota=quota + "target_link_libraries(tidegate_quota\n  PUBLIC tidegate_store)", store=store)), 1)
        self.assertEqual(len(self.links(quota="add_executable(x a.cpp)\ntarget_link_libraries(x PRIVATE tidegate_store)", store=store)), 1)

    def test_the_simulator_links_only_its_own_and_the_ground_floor(self):
        model = "tidegate_library(tidegate_sim_model SOURCES a.cpp LINKS {})"
        dialects = "tidegate_library(tidegate_llm_anthropic SOURCES anthropic/a.cpp LINKS tidegate_base)"
        server = "tidegate_library(tidegate_sim_server SOURCES a.cpp LINKS tidegate_sim_model tidegate_base {})"
        self.assertEqual(self.links(sim_model=model.format("tidegate_base"), sim_server=server.format("Boost::json")), [])
        self.assertEqual(len(self.links(sim_model=model.format("tidegate_llm_anthropic"), llm=dialects)), 1)
        self.assertEqual(len(self.links(sim_model=model.format(""), sim_server=server.format("tidegate_llm_anthropic"), llm=dialects)), 1)
        self.assertEqual(len(self.links(sim_model=model.format("tidegate_sim_server"), sim_server=server.format(""))), 1)

    def test_a_targets_row_is_that_of_its_sources(self):
        llm = """tidegate_library(tidegate_llm SOURCES a.cpp LINKS tidegate_base)
            tidegate_library(tidegate_llm_json SOURCES json/a.cpp LINKS tidegate_llm)
            tidegate_library(tidegate_llm_openai SOURCES openai/a.cpp LINKS tidegate_llm_json{})
            tidegate_library(tidegate_llm_anthropic SOURCES anthropic/a.cpp)"""
        self.assertEqual(self.links(llm=llm.format("")), [])
        self.assertEqual(len(self.links(llm=llm.format(" tidegate_llm_anthropic"))), 1)

    def test_a_product_links_no_target_of_the_tests(self):
        net = "tidegate_library(tidegate_http1_oracle SOURCES http1/a.cpp)\n tidegate_test(net_test SOURCES a.cpp LINKS tidegate_http1_oracle tidegate_storm)\n"
        self.assertEqual(self.links(net=net), [])
        for name in ("tidegate_http1_oracle", "tidegate_storm"):
            self.assertEqual(len(self.links(net=net + f"tidegate_library(tidegate_net SOURCES a.cpp LINKS {name})")), 1)


class Allowed(unittest.TestCase):
    def findings(self, name: str, text: str) -> list[str]:
        return [str(finding) for finding in check_allowed.check_text(name, text)]

    def test_this_tree_names_nothing_it_may_not(self):
        self.assertEqual([str(finding) for finding in check_allowed.check(ROOT)], [])

    def test_each_rule_sees_its_names(self):
        for code in ("auto t = std::chrono::steady_clock::now();", "using C = std::chrono::steady_clock; auto t = C::now();",
                     "typedef std::chrono::system_clock C;", "template <class C = ::std::chrono::utc_clock> auto read();",
                     "auto t = SteadyTime::clock::now();", "auto t = Timer::clock_type::now();", "clock_gettime(CLOCK_REALTIME, &t);", "time_t t = ::time(nullptr);",
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

    def test_a_point_in_time_is_no_clock(self):
        for code in ("using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, Nanoseconds>;", "using T = std::chrono::steady_clock::time_point;",
                     "Now now = clock.now();", "const Clock& used = paced_clock;"):
            self.assertEqual(self.findings("src/gateway/journey.cpp", code), [], code)

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
