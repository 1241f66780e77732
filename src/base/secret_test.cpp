// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "base/secret.h"

#include <gtest/gtest.h>

#include <sstream>

namespace tidegate {
namespace {

TEST(Secret, PrintsStarsHoweverItIsPrinted) {
  const Secret key("sk-ant-very-secret");
  std::ostringstream out;
  out << key;
  EXPECT_EQ(out.str(), "***");
  EXPECT_EQ(fmt::format("{}", key), "***");
  EXPECT_EQ(key.reveal(), "sk-ant-very-secret");
}

}  // namespace
}  // namespace tidegate
