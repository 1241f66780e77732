// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
// `tidegate_config_reference FOLDER` writes configuration.md and tidegate.schema.json there.
#include "config/reference.h"
#include "config/settings.h"

#include <fmt/format.h>

#include <fstream>
#include <string>

namespace {

bool write(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  if (out.flush()) return true;
  fmt::print(stderr, "config: cannot write {}; check that its folder exists and may be written to\n", path);
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: tidegate_config_reference FOLDER\n");
    return 1;
  }
  namespace config = tidegate::config;
  const std::string folder = argv[1];
  const bool good = write(folder + "/configuration.md", config::reference_markdown()) &&
                    write(folder + "/tidegate.schema.json", config::to_json(config::json_schema()));
  return good ? 0 : 1;
}
