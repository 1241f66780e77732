// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/directory.h"

#include <gtest/gtest.h>

namespace tidegate::store {
namespace {

constexpr const char* kSecretText = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ";

WallTime at(int day) { return parse_rfc3339("2026-05-01T00:00:00Z").value() + std::chrono::hours(24 * day); }

DirectorySnapshot with_key(std::optional<WallTime> expires_at, std::optional<WallTime> revoked_at) {
  VirtualKey key;
  key.id = KeyId("k1");
  key.secret_sha256 = sha256(kSecretText);
  key.expires_at = expires_at;
  key.revoked_at = revoked_at;
  return DirectorySnapshot({}, {key});
}

TEST(KeyText, IsReadOnlyInItsExactForm) {
  const std::string secret = kSecretText;
  EXPECT_TRUE(parse_key("tg_k1_" + secret));
  EXPECT_EQ(parse_key("tg_k1_" + secret)->id, "k1");
  EXPECT_EQ(parse_key("tg_k1_" + secret)->secret, secret);
  for (const std::string& wrong :
       {std::string(), std::string("tg_"), std::string("tg_k1"), std::string("tg_k1_"), "tg__" + secret,
        "sk_k1_" + secret, "tg_k1_" + secret + "x", "tg_k1_" + secret.substr(1), "tg_k-1_" + secret,
        "tg_k1_-" + secret.substr(1), "tg_" + std::string(33, 'k') + "_" + secret}) {
    EXPECT_FALSE(parse_key(wrong)) << wrong;
  }
}

TEST(KeyHash, IsSha256) {
  const Sha256 digest = sha256("abc");  // FIPS 180-2, appendix B.1
  EXPECT_EQ(digest[0], 0xba);
  EXPECT_EQ(digest[1], 0x78);
  EXPECT_EQ(digest[31], 0xad);
}

TEST(RandomText, HasTheLengthAskedForAndDiffers) {
  const auto first = random_text(43).value();
  EXPECT_EQ(first.size(), 43U);
  EXPECT_NE(first, random_text(43).value());
}

TEST(Keys, AreJudgedBySecretThenRevocationThenExpiry) {
  const std::string right = std::string("tg_k1_") + kSecretText;
  const std::string wrong = "tg_k1_" + std::string(43, 'x');
  const std::string unknown = std::string("tg_k2_") + kSecretText;
  EXPECT_EQ(with_key({}, {}).check(right, at(1)).verdict, KeyVerdict::Valid);
  EXPECT_EQ(with_key({}, {}).check(wrong, at(1)).verdict, KeyVerdict::WrongSecret);
  EXPECT_EQ(with_key({}, {}).check(unknown, at(1)).verdict, KeyVerdict::Unknown);
  EXPECT_EQ(with_key({}, {}).check("Bearer", at(1)).verdict, KeyVerdict::Malformed);
  EXPECT_EQ(with_key(at(2), {}).check(right, at(1)).verdict, KeyVerdict::Valid);
  EXPECT_EQ(with_key(at(2), {}).check(right, at(2)).verdict, KeyVerdict::Expired);
  EXPECT_EQ(with_key(at(0), at(0)).check(right, at(2)).verdict, KeyVerdict::Revoked);
  EXPECT_EQ(with_key(at(0), at(0)).check(wrong, at(2)).verdict, KeyVerdict::WrongSecret);
}

TEST(DirectoryViews, FollowTheBoardAndKeepWhatARequestHolds) {
  DirectoryBoard board;
  DirectoryView view(board);
  EXPECT_EQ(view.get()->key_count(), 0U);
  const auto held = view.get();
  board.swap(std::make_shared<const DirectorySnapshot>(with_key({}, {})));
  EXPECT_EQ(view.get()->key_count(), 1U);
  EXPECT_EQ(held->key_count(), 0U);
}

}  // namespace
}  // namespace tidegate::store
