// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "upstream/key_file.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <initializer_list>

namespace tidegate::upstream {
namespace {

namespace fs = std::filesystem;

class KeyFileTest : public ::testing::Test {
 protected:
  KeyFileTest() {
    std::string name = (fs::temp_directory_path() / "tidegate-keys-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~KeyFileTest() override { fs::remove_all(folder_); }

  void write(const std::string& name, std::string_view text) { std::ofstream(folder_ / name, std::ios::binary) << text; }
  [[nodiscard]] static std::vector<Secret> secrets(std::initializer_list<const char*> keys) {
    std::vector<Secret> out;
    for (const char* key : keys) out.emplace_back(key);
    return out;
  }

  fs::path folder_;
};

TEST_F(KeyFileTest, HoldsOneKeyALine) {
  write("keys", "# of the team\nsk-ant-one\r\n\n  sk-ant-two  \nsk-ant-three");
  const Result<KeyReading> read = KeyFile(folder_ / "keys").read();
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(read->keys, secrets({"sk-ant-one", "sk-ant-two", "sk-ant-three"}));
}

TEST_F(KeyFileTest, IsReadAnewEachTime) {
  write("keys", "sk-ant-one\n");
  KeyFile file(folder_ / "keys");
  ASSERT_TRUE(file.read());
  write("keys", "sk-ant-two\n");
  const Result<KeyReading> read = file.read();
  ASSERT_TRUE(read);
  EXPECT_EQ(read->keys, secrets({"sk-ant-two"}));
}

TEST_F(KeyFileTest, MayBeADirectoryOfFiles) {
  write("ann", "sk-ant-ann\n");
  write("bob", "sk-ant-bob\nsk-ant-bob-2");
  write("zoe", "sk-ant-zoe");
  write(".hidden", "sk-ant-no\n");
  fs::create_directory(folder_ / "more");
  fs::create_symlink("nowhere", folder_ / "dangling");
  const Result<KeyReading> read = KeyFile(folder_).read();
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(read->keys, secrets({"sk-ant-ann", "sk-ant-bob", "sk-ant-bob-2", "sk-ant-zoe"}));
}

TEST_F(KeyFileTest, CountsWhatIsNoKey) {
  write("keys", "sk-ant-one\nnot a key\n");
  const Result<KeyReading> read = KeyFile(folder_ / "keys").read();
  ASSERT_TRUE(read);
  EXPECT_EQ(read->unusable, 1U);
}

TEST_F(KeyFileTest, SaysWhatCannotBeRead) {
  const Result<KeyReading> missing = KeyFile(folder_ / "missing").read();
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, FailureKind::NotFound);
  EXPECT_EQ(missing.error().detail,
            "cannot read " + (folder_ / "missing").string() + " (No such file or directory)");
  write("big", std::string(1024 * 1024 + 1, 'k'));
  const Result<KeyReading> big = KeyFile(folder_ / "big").read();
  ASSERT_FALSE(big);
  EXPECT_EQ(big.error().kind, FailureKind::TooLarge);
  const Result<KeyReading> device = KeyFile("/dev/null").read();
  ASSERT_FALSE(device);
  EXPECT_EQ(device.error().detail, "/dev/null is neither a file nor a directory");
}

}  // namespace
}  // namespace tidegate::upstream
