// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/content_coding.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

namespace tidegate::gateway {
namespace {

/// `window`: zlib's own way to say which format it writes, 15 for zlib's and 31 for gzip's.
std::string compressed(std::string_view text, int window) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

TEST(ContentCoding, ReadsGzipAndDeflate) {
  const std::string text = std::string(100'000, 'a') + "end";
  for (const auto& [coding, window] : {std::pair("gzip", 31), std::pair("X-GZip", 31), std::pair("deflate", 15)}) {
    const auto decoded = decode_body(coding, compressed(text, window), 1'000'000);
    ASSERT_TRUE(decoded) << coding;
    EXPECT_EQ(decoded->text, text);
    EXPECT_TRUE(decoded->is_whole);
  }
}

TEST(ContentCoding, SaysWhatItCannotRead) {
  EXPECT_FALSE(decode_body("br", "anything", 100));
  EXPECT_FALSE(decode_body("zstd", "anything", 100));
  EXPECT_FALSE(decode_body("gzip, gzip", "anything", 100));
  for (const char* broken : {"", "no gzip at all"}) {
    const auto decoded = decode_body("gzip", broken, 100);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->text, "");
    EXPECT_FALSE(decoded->is_whole);
  }
}

TEST(ContentCoding, GivesTheBeginningOfWhatBreaksOffAndOfWhatIsTooLong) {
  const std::string text = "{\"id\":\"msgbatch_1\",\"rest\":\"" + std::string(100'000, 'x') + "\"}";
  const std::string whole = compressed(text, 31);
  const auto half = decode_body("gzip", std::string_view(whole).substr(0, whole.size() / 2), 1'000'000);
  ASSERT_TRUE(half);
  EXPECT_TRUE(half->text.starts_with(R"({"id":"msgbatch_1",)"));
  EXPECT_FALSE(half->is_whole);
  const auto limited = decode_body("gzip", whole, 20);
  ASSERT_TRUE(limited);
  EXPECT_EQ(limited->text, text.substr(0, 20));
  EXPECT_FALSE(limited->is_whole);
}

}  // namespace
}  // namespace tidegate::gateway
