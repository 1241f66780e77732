// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/reference.h"

#include "config/settings.h"

#include <fmt/format.h>

namespace tidegate::config {

namespace {

constexpr std::string_view kHead =
    R"(<!-- Made by `ninja tidegate_config_doc` from src/config/settings.cpp; do not edit. -->
# Configuration

Tidegate reads one YAML file, `tidegate.yaml`, and the environment. Both are optional: a key in the environment is enough to
start. `tidegate config check` reads both, and says everything that is wrong with line and column; nothing starts, and no
reload takes effect, while anything is wrong.

- Unknown settings are errors, and so are numbers without the unit they need.
- **Durations** are numbers with units: `250ms`, `30s`, `5m`, `1h30m`, `2d`. **Sizes** are whole numbers with a unit:
  `64KiB`, `32MB`, `512MiB` (KB, MB, GB are powers of 1000; KiB, MiB, GiB of 1024).
- **Secrets** never stand in the file. Each is `{env: NAME}`, a variable of the environment, or `{file: PATH}`, a file that
  holds the secret alone and that only its owner can read.
- Paths are relative to the directory in which Tidegate was started.
- *Restart* marks what a reload (SIGHUP) cannot change in a running program; everything else takes effect with it.
- An editor that understands JSON Schema completes and checks the file as you type: `tidegate config schema > tidegate.schema.json`.

## Environment

| variable | gives, when no `providers` are configured |
|---|---|
| `CLAUDE_KEY`, else `ANTHROPIC_API_KEY` | provider `anthropic`, https://api.anthropic.com |
| `ANTHROPIC_ADMIN_KEY` | its key of the Admin API |
| `LZ_API_KEY` | provider `laozhang`, https://api.laozhang.ai, bearer token; its balance is asked for |
| `OPENAI_API_KEY` | provider `openai`, https://api.openai.com, OpenAI's dialect |

| variable | gives in any case |
|---|---|
| `HTTPS_PROXY`, else `https_proxy` | the `proxy` of every provider with an https address that names none itself: `http://host:port` or `http://user:password@host:port` |
| `NO_PROXY`, else `no_proxy` | hosts that are reached directly: `host`, `.domain`, `*`, separated by commas |

An empty variable counts as not set. The real environment wins over `.env`, which has lines `NAME=value`; values may stand in
single quotes (as they are) or in double quotes (with `\n`, `\"`, `\\`, `\$`); nothing is expanded.

## Settings
)";

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string fallback_cell(const Setting& setting) {
  if (setting.is_required) return "**required**";
  return setting.fallback.empty() ? "" : fmt::format("`{}`", setting.fallback);
}

std::string kind_cell(const Setting& setting) {
  if (setting.type.starts_with("word")) return setting.range;
  return setting.range.empty() ? setting.type : fmt::format("{}, {}", setting.type, setting.range);
}

void add_row(const Setting& setting, std::string& out) {
  const std::string about = setting.takes == Takes::Restart ? setting.about + " *(restart)*" : setting.about;
  out += fmt::format("| `{}` | {} | {} | {} |\n", setting.path, cell(kind_cell(setting)), cell(fallback_cell(setting)),
                     cell(about));
}

bool is_inside(const Setting& setting, const Setting& group) {
  return setting.path.size() > group.path.size() && setting.path.starts_with(group.path) &&
         (setting.path[group.path.size()] == '.' || setting.path[group.path.size()] == '[');
}

constexpr std::string_view kTableHead = "\n| setting | value | default | meaning |\n|---|---|---|---|\n";

}  // namespace

std::string reference_markdown() {
  const std::vector<Setting> settings = list_settings();
  std::string single = std::string(kTableHead);
  std::string groups;
  for (std::size_t i = 0; i < settings.size(); ++i) {
    if (!settings[i].is_group) {
      add_row(settings[i], single);
      continue;
    }
    const Setting& group = settings[i];
    groups += fmt::format("\n### `{}`\n\n{}{}.\n", group.path,
                          static_cast<char>(group.about[0] - (group.about[0] >= 'a' && group.about[0] <= 'z' ? 32 : 0)),
                          group.about.substr(1));
    groups += kTableHead;
    while (i + 1 < settings.size() && is_inside(settings[i + 1], group)) add_row(settings[++i], groups);
  }
  return std::string(kHead) + single + groups;
}

}  // namespace tidegate::config
