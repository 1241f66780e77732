// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "upstream/key_file.h"

#include "base/ascii.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

namespace tidegate::upstream {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = 1024 * 1024;

tl::unexpected<Failure> refused(const fs::path& path, const std::error_code& error) {
  const FailureKind kind = error == std::errc::no_such_file_or_directory ? FailureKind::NotFound
                           : error == std::errc::permission_denied       ? FailureKind::Denied
                                                                         : FailureKind::Io;
  return fail(kind, Origin::Operator, fmt::format("cannot read {} ({})", path.string(), error.message()));
}

Result<void> append_file(const fs::path& path, std::string& text) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), std::fclose);
  if (file == nullptr) return refused(path, {errno, std::generic_category()});
  std::array<char, 16 * 1024> piece{};
  while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), file.get())) {
    text.append(piece.data(), count);
    if (text.size() > kMostBytes) break;
  }
  if (std::ferror(file.get()) != 0) return refused(path, {errno, std::generic_category()});
  text += '\n';  // a file ends a line
  return {};
}

/// The files to read, by name: `path` itself, or what lies in it.
Result<std::vector<fs::path>> files_of(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  // What is neither (a pipe, a device) could keep its reader waiting for ever.
  if (fs::exists(status) && !fs::is_directory(status) && !fs::is_regular_file(status)) {
    return fail(FailureKind::Io, Origin::Operator, fmt::format("{} is neither a file nor a directory", path.string()));
  }
  if (!fs::is_directory(status)) return std::vector<fs::path>{path};
  std::vector<fs::path> files;
  fs::directory_iterator entries(path, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    std::error_code gone;  // between being listed and being looked at
    if (entries->path().filename().string().starts_with('.') || !entries->is_regular_file(gone)) continue;
    files.push_back(entries->path());
  }
  if (error) return refused(path, error);
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    if (!line.empty() && line.front() != '#') lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

Result<KeyReading> KeyFile::read() {
  const Result<std::vector<fs::path>> files = files_of(path_);
  if (!files) return fail(files);
  std::string text;
  for (const fs::path& file : *files) {
    Result<void> appended = append_file(file, text);
    const bool is_gone = !appended && appended.error().kind == FailureKind::NotFound && file != path_;
    if (!appended && !is_gone) return fail(appended);  // gone: taken away since it was listed
    if (text.size() > kMostBytes + 1) {
      return fail(FailureKind::TooLarge, Origin::Operator, fmt::format("{} holds more than 1 MiB", path_.string()));
    }
  }
  return to_keys(lines_of(text), path_.string());
}

}  // namespace tidegate::upstream
