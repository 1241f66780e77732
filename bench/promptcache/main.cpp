// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
//
//     promptcache_bench bill MODEL SEED…    every scenario under every policy, a line of JSON for each scenario and
//     seed promptcache_bench cpu [quick]         what deciding costs, one line of JSON
#include "bench/promptcache/cpu.h"
#include "bench/promptcache/world.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace tidegate;
using namespace tidegate::promptcache;

std::string bill(Scenario scenario, std::string_view model, std::uint64_t seed) {
  std::string line = fmt::format(R"({{"scenario":"{}","model":"{}","seed":{})", to_string(scenario), model, seed);
  for (const PolicyKind policy :
       {PolicyKind::None, PolicyKind::Static, PolicyKind::Tidegate, PolicyKind::Careful, PolicyKind::Waiting}) {
    const Report report = run(scenario, policy, model, seed);
    line += fmt::format(
        R"(,"{}":{{"billed":{:.0f},"requests":{},"refused":{},"uncached":{},"read":{},"written_5m":{},"written_1h":{},"waited":{},"waited_s":{:.1f}}})",
        to_string(policy), report.billed, report.requests, report.refused, report.usage.uncached, report.usage.read,
        report.usage.written_5m, report.usage.written_1h, report.waited, report.waited_seconds);
    if (policy != PolicyKind::None) continue;
    const Multiples multiples = multiples_of(*sim::find_model(model));
    line += fmt::format(R"(,"oracle":{{"billed":{:.0f}}},"oracle_waiting":{{"billed":{:.0f}}})",
                        least_cost(report.served, multiples, Holding::Forbidden),
                        least_cost(report.served, multiples, Holding::Allowed));
  }
  return line + "}";
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view what = count > 1 ? arguments[1] : "";
  if (what == "cpu") {
    const CpuFigures cpu = measure_cpu(count > 2);
    fmt::print(
        R"({{"bytes":{:.0f},"blocks":{:.0f},"read_us":{:.3f},"added_us":{:.3f},"layout_us":{:.3f},"hash_us":{:.3f},"decide_us":{:.3f},"insertions_us":{:.3f},"apply_us":{:.3f}}})"
        "\n",
        cpu.bytes, cpu.blocks, cpu.read, cpu.added, cpu.layout, cpu.hash, cpu.decide, cpu.insertions, cpu.apply);
    return 0;
  }
  if (what != "bill" || count < 4 || sim::find_model(arguments[2]) == nullptr) {
    std::fputs("promptcache_bench bill MODEL SEED… | cpu [quick]\n", stderr);
    return 2;
  }
  for (int i = 3; i < count; ++i) {
    for (const Scenario scenario : all_scenarios()) {
      std::puts(bill(scenario, arguments[2], std::strtoull(arguments[i], nullptr, 10)).c_str());
      std::fflush(stdout);
    }
  }
  return 0;
}
