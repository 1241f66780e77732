// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// What proc(5) says of this process:
//
//   /proc/self/stat = pid " (" name ") " field *( " " field )   ; the first field is no. 3; the name may hold spaces
//   and brackets
//       14 utime, 15 stime, 22 starttime: clock ticks, the last one since boot;  24 rss: pages
//   /proc/stat      = … "btime " seconds-since-1970 LF …
#include "metrics/scrape_figures.h"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace tidegate::metrics {

namespace {

/// The fields of /proc/self/stat from no. 3 on; empty if it cannot be read.
std::vector<std::string> stat_fields() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(line.substr(name_end + 1));
  std::vector<std::string> fields;
  for (std::string field; rest >> field;) fields.push_back(field);
  return fields;
}

std::optional<double> boot_time() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    double seconds = 0;
    if (words >> name && name == "btime" && words >> seconds) return seconds;
  }
  return std::nullopt;
}

}  // namespace

ProcessFigures read_process_figures() {
  const std::vector<std::string> fields = stat_fields();
  const auto field = [&](std::size_t number) -> double { return std::stod(fields[number - 3]); };
  if (fields.size() < 22) return {};

  const auto ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  ProcessFigures figures;
  figures.cpu_seconds = (field(14) + field(15)) / ticks_per_second;
  figures.resident_bytes = field(24) * static_cast<double>(sysconf(_SC_PAGESIZE));
  if (const std::optional<double> boot = boot_time()) figures.start_time = *boot + field(22) / ticks_per_second;
  return figures;
}

}  // namespace tidegate::metrics
