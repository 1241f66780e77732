// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/content_coding.h"

#include "base/ascii.h"

#include <zlib.h>

#include <algorithm>

namespace tidegate::gateway {

std::optional<DecodedBody> decode_body(std::string_view coding, std::string_view body, std::size_t limit) {
  constexpr std::size_t kPiece = 16 * 1024;
  constexpr int kGzipOrZlib = MAX_WBITS + 32;  // zlib looks itself which of the two it is
  if (!equals_ignoring_case(coding, "gzip") && !equals_ignoring_case(coding, "x-gzip") && !equals_ignoring_case(coding, "deflate")) return std::nullopt;
  DecodedBody decoded;
  z_stream stream{};
  if (inflateInit2(&stream, kGzipOrZlib) != Z_OK) return std::nullopt;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  int state = Z_OK;
  while (state == Z_OK && decoded.text.size() < limit) {
    const std::size_t before = decoded.text.size();
    const std::size_t room = std::min(kPiece, limit - before);
    decoded.text.resize(before + room);
    stream.next_out = reinterpret_cast<Bytef*>(decoded.text.data() + before);
    stream.avail_out = static_cast<uInt>(room);
    state = inflate(&stream, Z_NO_FLUSH);  // Z_BUF_ERROR: nothing more to be had of what is there
    decoded.text.resize(before + room - stream.avail_out);
  }
  inflateEnd(&stream);
  decoded.is_whole = state == Z_STREAM_END;
  return decoded;
}

}  // namespace tidegate::gateway
