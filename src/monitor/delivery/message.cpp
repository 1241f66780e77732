// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "monitor/delivery/message.h"

#include "base/glob.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace tidegate::delivery {

using monitor::Alert;
using monitor::AlertNotice;

namespace {

constexpr std::size_t kMostInText = 30;

/// `key_lost, provider_down`, each once, in their order.
std::string rules_of(const Message& message, bool resolved) {
  std::vector<std::string> rules;
  for (const AlertNotice& notice : message.notices) {
    if ((notice.kind == AlertNotice::Kind::Resolved) != resolved) continue;
    if (std::find(rules.begin(), rules.end(), notice.alert.rule) == rules.end()) rules.push_back(notice.alert.rule);
  }
  constexpr std::size_t kMost = 4;
  const std::size_t more = rules.size() > kMost ? rules.size() - kMost : 0;
  if (more > 0) rules.resize(kMost);
  return fmt::format("{}{}", fmt::join(rules, ", "), more > 0 ? fmt::format(" and {} more rules", more) : "");
}

}  // namespace

bool wants(const ReceiverOptions& receiver, std::string_view rule, monitor::AlertSeverity severity) {
  if (severity < receiver.min_severity) return false;
  return receiver.rules.empty() || std::any_of(receiver.rules.begin(), receiver.rules.end(), [&](const std::string& glob) { return matches_glob(glob, rule); });
}

std::string headline(const Message& message) {
  const auto over = std::count_if(message.notices.begin(), message.notices.end(),
                                  [](const AlertNotice& notice) { return notice.kind == AlertNotice::Kind::Resolved; });
  const auto fire = static_cast<std::ptrdiff_t>(message.notices.size()) - over;
  std::string text;
  if (fire == 1 && over == 0) {
    const auto& alert = message.notices.front().alert;
    return fmt::format("{}: {} ({})", to_string(alert.severity), alert.rule, alert.subject);
  }
  if (fire > 0) text = fmt::format("{} alert{} fire{}: {}", fire, fire == 1 ? "" : "s", fire == 1 ? "s" : "", rules_of(message, false));
  if (over > 0) text += fmt::format("{}{} {} over: {}", text.empty() ? "" : "; ", over, over == 1 ? "is" : "are", rules_of(message, true));
  if (text.empty() && !message.notes.empty()) {
    text = fmt::format("{}: {}", message.notes.front().rule, to_text(message.notes.front()));
    if (message.notes.size() > 1) text += fmt::format(" and {} more", message.notes.size() - 1);
  }
  return text;
}

std::string to_text(const ActionNote& note) { return fmt::format("{} {}", note.action, note.text); }

std::string chart(std::span<const double> values) {
  constexpr std::array kSteps{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (values.size() < 2) return {};
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  std::string text;
  for (const double value : values) {
    const double share = *most > *least ? (value - *least) / (*most - *least) : 0;
    text += kSteps[static_cast<std::size_t>(std::lround(share * (kSteps.size() - 1)))];
  }
  return text;
}

std::string plain_text(const Message& message) {
  std::string text = headline(message) + "\n";
  std::size_t told = 0;
  for (const AlertNotice& notice : message.notices) {
    if (++told > kMostInText) break;
    const Alert& alert = notice.alert;
    text += fmt::format("\n[{}] {} {}: {}\n  {} {}, since {}\n  {}\n", to_string(notice.kind), to_string(alert.severity), alert.rule, alert.subject,
                        chart(alert.recent), alert.summary, to_rfc3339(alert.since), alert.runbook);
  }
  if (message.notices.size() > kMostInText) text += fmt::format("\n… and {} more\n", message.notices.size() - kMostInText);
  for (const ActionNote& note : message.notes) text += fmt::format("\n{}\n", to_text(note));
  return text + fmt::format("\n{} · {} firing now · {}\n", message.instance, message.firing.size(), to_rfc3339(message.at));
}

}  // namespace tidegate::delivery
