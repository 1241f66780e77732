// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/cli/config_command.h"

#include "app/cli/run_command.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace tidegate::app {
namespace {

namespace fs = std::filesystem;

class ConfigCommand : public testing::Test {
 protected:
  static CommandAnswer run(const std::string& arguments) { return run_command(add_config_command, "config " + arguments); }

  /// A file with this text; its name stands in every message, so it is one word without blanks.
  static std::string file_with(const std::string& text) {
    const std::string test = testing::UnitTest::GetInstance()->current_test_info()->name();
    const fs::path path = fs::path(testing::TempDir()) / ("config_command_" + test + ".yaml");
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }
};

/// Independent of the environment in which the tests run.
constexpr const char* kGood = "providers: [{name: local, base_url: \"http://127.0.0.1:9\", credential: none}]\n";

TEST_F(ConfigCommand, FindsAGoodFileGood) {
  const std::string file = file_with(kGood);
  const CommandAnswer answer = run("check " + file);
  EXPECT_EQ(answer.out, file + ": good\n");
  EXPECT_EQ(answer.err, "");
  EXPECT_EQ(answer.exit_code, 0);
}

TEST_F(ConfigCommand, TellsEveryProblemAndWarning) {
  const std::string file = file_with("threads: many\nlog: {level: loud}\n" + std::string(kGood) +
                                     "routes: [{provider: local}, {provider: local}]\n");
  const CommandAnswer answer = run("check " + file);
  EXPECT_EQ(answer.out, file + ":1:10: threads: 'many' is not a whole number from 0 to 1024\n" +  //
                            file + ":2:14: log.level: 'loud' is not one of debug, info, warning or error\n" +
                            "warning: " + file +
                            ":4:29: routes[1]: is never reached: a route before it takes every model\n" +  //
                            file + ": 2 problems, 1 warning\n");
  EXPECT_EQ(answer.exit_code, 1);
}

TEST_F(ConfigCommand, TakesTheFileAsServeDoes) {
  const std::string file = file_with(kGood);
  EXPECT_EQ(run("check --config " + file).out, file + ": good\n");
}

TEST_F(ConfigCommand, SaysThatANamedFileIsNotThere) {
  const CommandAnswer answer = run("check ./no/such/file.yaml");
  EXPECT_EQ(answer.err, "tidegate: cannot read ./no/such/file.yaml (No such file or directory)\n");
  EXPECT_EQ(answer.out, "");
  EXPECT_EQ(answer.exit_code, 1);
}

TEST_F(ConfigCommand, ShowsDefaultsToo) {
  const CommandAnswer answer = run("show " + file_with(kGood));
  EXPECT_EQ(answer.out.substr(0, answer.out.find("admin:")),
            "listen: 127.0.0.1:8080\n"
            "metrics:\n"
            "  address: 127.0.0.1:8000\n");
  EXPECT_NE(answer.out.find("  directory: ./tidegate-data\n"), std::string::npos);
  EXPECT_EQ(answer.exit_code, 0);
}

TEST_F(ConfigCommand, ShowsNothingOfABadFileButItsProblems) {
  const std::string file = file_with(std::string("threads: many\n") + kGood);
  const CommandAnswer answer = run("show " + file);
  EXPECT_EQ(answer.out, "");
  EXPECT_EQ(answer.err, file + ":1:10: threads: 'many' is not a whole number from 0 to 1024\n");
  EXPECT_EQ(answer.exit_code, 1);
}

TEST_F(ConfigCommand, PrintsTheSchemaOfTheDocumentation) {
  std::ifstream in(TIDEGATE_SOURCE_DIR "/docs/tidegate.schema.json", std::ios::binary);
  const std::string expected{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const CommandAnswer answer = run("schema");
  EXPECT_TRUE(answer.out == expected);
  EXPECT_EQ(answer.exit_code, 0);
}

}  // namespace
}  // namespace tidegate::app
