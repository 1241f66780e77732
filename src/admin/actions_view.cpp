// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "admin/actions_view.h"

#include "admin/alerts_view.h"

#include <boost/json.hpp>

namespace tidegate::admin {

namespace json = boost::json;

namespace {

json::value text_or_null(const std::string& text) { return text.empty() ? json::value(nullptr) : json::value(text); }

json::value view(const ActionStatus& action) {
  return json::object{{"name", action.name},
                      {"kind", action.kind},
                      {"state", action.state},
                      {"detail", action.detail},
                      {"alert", text_or_null(action.alert_id)},
                      {"incident", text_or_null(action.incident)},
                      {"by", text_or_null(action.by)},
                      {"since", action.began_at ? json::value(to_rfc3339(*action.began_at)) : json::value(nullptr)},
                      {"runs_today", action.runs_today},
                      {"max_per_day", action.max_per_day},
                      {"dry_run", action.dry_run}};
}

}  // namespace

json::value view(const std::vector<ActionStatus>& actions) {
  json::array out;
  for (const ActionStatus& action : actions) out.push_back(view(action));
  return json::object{{"actions", std::move(out)}};
}

json::value view(const std::vector<store::AuditEntry>& entries) {
  json::array out;
  for (const store::AuditEntry& entry : entries) {
    out.push_back(json::object{{"at", to_rfc3339(entry.at)}, {"actor", entry.actor}, {"subject", entry.subject}, {"text", entry.text}});
  }
  return json::object{{"entries", std::move(out)}};
}

Result<std::string> read_asker(std::string_view body) {
  auto by = read_acknowledgement(body);
  if (!by) return by;
  const json::value value = json::parse(body);  // has been read once
  for (const auto& [name, member] : value.get_object()) {
    if (name != "by") return fail(FailureKind::InvalidInput, Origin::Client, "send 'by' and nothing else, as in {\"by\":\"ada\"}");
  }
  return by;
}

}  // namespace tidegate::admin
