// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tidegate::testing {

/// A blocking TCP socket on loopback, for the far ends of a test: plain calls, so that nothing of ours is used on both sides.
class PlainSocket {
 public:
  PlainSocket() = default;
  explicit PlainSocket(int descriptor) : descriptor_(descriptor) {}
  PlainSocket(PlainSocket&& other) noexcept;
  PlainSocket& operator=(PlainSocket&& other) noexcept;
  ~PlainSocket();

  [[nodiscard]] static PlainSocket connect(std::uint16_t port);
  void send(std::string_view bytes) const;
  /// Reads until `marker` was seen (included), the end, or ten seconds have passed.
  [[nodiscard]] std::string read_until(std::string_view marker) const;
  /// Reads exactly so many bytes, fewer at the end.
  [[nodiscard]] std::string read_exactly(std::size_t bytes) const;
  /// Everything up to the end; `was_reset` tells whether the end was a reset.
  [[nodiscard]] std::string read_all() const;
  [[nodiscard]] bool was_reset() const { return was_reset_; }
  void close();
  /// Closes with RST.
  void reset();
  [[nodiscard]] bool valid() const { return descriptor_ >= 0; }
  /// For a library that reads and writes it itself; still owned here.
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
  mutable bool was_reset_ = false;
};

/// A head and the body that its content-length tells of.
[[nodiscard]] std::string read_message(const PlainSocket& socket);

/// A listening socket on a free loopback port.
class PlainListener {
 public:
  PlainListener();
  PlainListener(const PlainListener&) = delete;
  PlainListener& operator=(const PlainListener&) = delete;
  ~PlainListener();
  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// The next connection; invalid after ten seconds or after `close`.
  [[nodiscard]] PlainSocket accept() const;
  void close();

 private:
  int descriptor_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace tidegate::testing
