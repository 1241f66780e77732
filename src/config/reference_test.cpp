// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/reference.h"

#include "config/settings.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <set>

namespace tidegate::config {
namespace {

std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

TEST(Reference, IsWrittenDownInTheDocumentation) {
  EXPECT_TRUE(read_text(TIDEGATE_SOURCE_DIR "/docs/configuration.md") == reference_markdown())
      << "docs/configuration.md is not what the table says; run: ninja tidegate_config_doc";
}

TEST(Reference, HasItsJsonSchemaInTheDocumentation) {
  EXPECT_TRUE(read_text(TIDEGATE_SOURCE_DIR "/docs/tidegate.schema.json") == to_json(json_schema()))
      << "docs/tidegate.schema.json is not what the table says; run: ninja tidegate_config_doc";
}

TEST(Reference, NamesEachSettingOnceAndSaysWhatItDoes) {
  std::set<std::string> paths;
  for (const Setting& setting : list_settings()) {
    EXPECT_TRUE(paths.insert(setting.path).second) << setting.path;
    EXPECT_FALSE(setting.about.empty()) << setting.path;
    EXPECT_FALSE(setting.type.empty()) << setting.path;
    EXPECT_NE(reference_markdown().find("`" + setting.path + "`"), std::string::npos) << setting.path;
  }
}

TEST(Reference, SaysWhatTakesARestart) {
  std::map<std::string, Takes> takes;
  for (const Setting& setting : list_settings()) takes[setting.path] = setting.takes;
  EXPECT_EQ(takes.at("threads"), Takes::Restart);
  EXPECT_EQ(takes.at("listen.address"), Takes::Restart);
  EXPECT_EQ(takes.at("admin.address"), Takes::Restart);
  EXPECT_EQ(takes.at("admin.token.env"), Takes::Reload);
  EXPECT_EQ(takes.at("providers[].keys"), Takes::Reload);
  EXPECT_NE(reference_markdown().find("worker threads *(restart)*"), std::string::npos);
}

}  // namespace
}  // namespace tidegate::config
