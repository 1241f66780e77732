// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "config/environment.h"
#include "config/files.h"
#include "config/node.h"
#include "config/problem.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::config {

/// One pass over one text: where it stands, what it has found wrong, and where each setting was given. One thread.
class Reading {
 public:
  /// All references must outlive the reading. `file` is how problems name the text.
  Reading(std::string file, const Environment& environment, const FileReader& read_file, std::vector<Problem>& problems,
          std::vector<Problem>& warnings);

  /// While it lives, paths begin with one more step: `providers`, `[0]`, `name`.
  class [[nodiscard]] Step {
   public:
    Step(Reading& reading, std::string_view step, const Node& value);
    ~Step() { reading_.path_.resize(length_before_); }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    Reading& reading_;
    std::size_t length_before_;
  };

  /// Adds a problem at the node, led by the path of the setting that is read.
  void refuse(const Node& node, std::string_view message);
  void warn(const Node& node, std::string_view message);
  /// The same for a setting by its path, after everything was read; the place is that of the nearest setting around it.
  void refuse_at(std::string_view path, std::string_view message);
  void warn_at(std::string_view path, std::string_view message);

  /// Whether the text gives this setting.
  [[nodiscard]] bool has(std::string_view path) const { return places_.find(path) != places_.end(); }

  [[nodiscard]] const Environment& environment() const { return environment_; }
  /// Through the caller's reader. A failure never repeats a name that may be the secret itself.
  [[nodiscard]] Result<FileText> try_file(const std::string& path) const;
  /// The same; a failure becomes a problem at the node.
  [[nodiscard]] std::optional<FileText> read_file(const Node& node, const std::string& path);
  /// A reading of another text that reports to the same place.
  [[nodiscard]] Reading of_other_file(std::string file) const;
  [[nodiscard]] std::vector<Problem>& problems() { return problems_; }

 private:
  [[nodiscard]] Problem at(Position position, std::string_view path, std::string_view message) const;
  [[nodiscard]] Position place_of(std::string_view path) const;

  std::string file_;
  const Environment& environment_;
  const FileReader& read_file_;
  std::vector<Problem>& problems_;
  std::vector<Problem>& warnings_;
  std::string path_;
  std::map<std::string, Position, std::less<>> places_;
};

/// Whether a text should not be repeated: it begins as keys do, is as random as keys are, or is a URL with credentials
/// or a query. Cautious on purpose: a message that hides a harmless word costs a glance, one that shows a key costs the
/// key.
[[nodiscard]] bool may_be_secret(std::string_view text);

/// The text in quotes for a message: control characters replaced, long texts cut, and what may be a secret not shown at
/// all.
[[nodiscard]] std::string shown(std::string_view text);

}  // namespace tidegate::config
