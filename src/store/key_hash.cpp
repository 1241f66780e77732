// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "store/key_hash.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <memory>

namespace tidegate::store {

namespace {

constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kMaxIdLength = 32;

bool is_alphanumeric(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  });
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

}  // namespace

Sha256 sha256(std::string_view bytes) {
  // Looked up once: OpenSSL 3 otherwise searches its providers with every call, which costs more than the hash.
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  Sha256 digest{};
  EVP_DigestInit_ex2(context.get(), algorithm, nullptr);
  EVP_DigestUpdate(context.get(), bytes.data(), bytes.size());
  EVP_DigestFinal_ex(context.get(), digest.data(), nullptr);
  return digest;
}

bool equal_in_constant_time(const Sha256& a, const Sha256& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::optional<KeyParts> parse_key(std::string_view text) {
  constexpr std::string_view kPrefix = "tg_";
  if (text.substr(0, kPrefix.size()) != kPrefix) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  const std::size_t separator = text.find('_');
  if (separator == 0 || separator > kMaxIdLength) return std::nullopt;  // npos is beyond it as well
  const KeyParts parts{text.substr(0, separator), text.substr(separator + 1)};
  if (parts.secret.size() != kSecretLength || !is_alphanumeric(parts.id) || !is_alphanumeric(parts.secret))
    return std::nullopt;
  return parts;
}

Result<std::string> random_text(std::size_t count) {
  // Bytes of 248 and above are dropped, because 256 is no multiple of 62: every digit is equally likely.
  constexpr unsigned kLimit = 248;
  std::string text;
  while (text.size() < count) {
    std::array<unsigned char, 64> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
      return fail(FailureKind::Io, Origin::Gateway, "keys: the system gives no random numbers");
    }
    for (const unsigned char byte : bytes) {
      if (byte < kLimit && text.size() < count) text.push_back(kDigits[byte % kDigits.size()]);
    }
  }
  return text;
}

Secret key_text(std::string_view id, std::string_view secret) { return Secret(fmt::format("tg_{}_{}", id, secret)); }

}  // namespace tidegate::store
