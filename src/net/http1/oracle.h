// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <string>
#include <string_view>

// For tests, fuzz targets and the benchmark only: Boost.Beast's strict, storage-less parser as the judge of ours.
//
// The rule: what Beast refuses, ours refuses, at the latest when the head is complete; what both accept they read
// alike. One exception: ours skips an empty line before a request line (RFC 9112 2.2), which Beast is therefore not
// shown.
//
// Refused by ours alone:
//   - in requests repeated or listed Content-Length, even if equal; in responses listed ones; lengths of 2^63 and more;
//   - any Transfer-Encoding but exactly `chunked`, and chunked in HTTP/1.0;
//   - folded field lines; a missing, repeated or impossible Host; an Expect other than 100-continue;
//   - non-ASCII and `#` in a target, targets that do not fit their method; a status below 100;
//   - heads, targets, numbers of fields, chunks, extensions and trailers above their limits;
//   - blanks in chunk extensions, control characters in their quoted values, framing and routing fields as trailers.
// Read differently: `close` beside `keep-alive` in HTTP/1.0, and `Proxy-Connection: keep-alive`, keep a connection open
// for Beast, not for ours.
namespace tidegate::net::http1::oracle {

/// What breaks the rule in `bytes` (a head and perhaps more), or what our parser says differently about the same bytes
/// in small pieces, or what our writer does not give back; empty if nothing does.
[[nodiscard]] std::string request_disagreement(std::string_view bytes);
[[nodiscard]] std::string response_disagreement(std::string_view bytes);

/// Likewise for the bytes of a chunked body.
[[nodiscard]] std::string chunked_disagreement(std::string_view bytes);

/// Bytes of the head, 0 if Beast refuses it or wants more. For timing.
[[nodiscard]] std::size_t beast_request_head(std::string_view bytes);
[[nodiscard]] std::size_t beast_response_head(std::string_view bytes);

}  // namespace tidegate::net::http1::oracle
