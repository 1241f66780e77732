// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include <span>
#include <string_view>

namespace tidegate::admin {

/// A file of web/, built into the program.
struct PageFile {
  std::string_view path;  ///< as asked for: `/`, `/page.js`
  std::string_view content_type;
  std::string_view content;
  std::string_view gzip = {};  ///< the same compressed; empty where only the plain page was built in
};
[[nodiscard]] std::span<const PageFile> page_files();

}  // namespace tidegate::admin
