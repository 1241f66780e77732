// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "upstream/provider.h"

#include <gtest/gtest.h>

namespace tidegate::upstream {
namespace {

ProviderKey key(const char* name, const char* secret) {
  return {.name = name, .secret = Secret(secret), .organisation = {}, .workspace = {}};
}

TEST(Provider, TakesOtherKeysAndSharesItsDestination) {
  ProviderOptions options;
  options.id = ProviderId("there");
  options.base_url = "https://there.example/relay";
  options.keys = {key("one", "sk-1")};
  const auto provider = Provider::make(options);
  ASSERT_TRUE(provider) << provider.error().detail;
  const auto other = (*provider)->with_keys({key("two", "sk-2"), key("three", "sk-3")});
  EXPECT_EQ(other->destination(), (*provider)->destination());  // the same object: connections and authorities stay
  EXPECT_EQ(other->path_prefix(), "/relay");
  EXPECT_EQ(other->credential_line(1), "x-api-key: sk-3\r\n");
  EXPECT_EQ(other->find_key("one"), std::nullopt);
  EXPECT_EQ((*provider)->credential_line(0), "x-api-key: sk-1\r\n");
  EXPECT_EQ((*provider)->with_keys({})->credential_line(0), "");
}

}  // namespace
}  // namespace tidegate::upstream
