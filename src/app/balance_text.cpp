// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/balance_text.h"

#include "app/json_text.h"

#include <fmt/format.h>
#include <boost/json.hpp>

namespace tidegate::app {

namespace json = boost::json;

namespace {

std::string left_text(const json::value& balance) {
  const json::value* amounts = balance.as_object().if_contains("amounts");
  if (amounts == nullptr) return "-";
  if (balance.at("is_unlimited").as_bool()) return "no limit";
  std::string out;
  for (const json::value& amount : amounts->as_array())
    out += (out.empty() ? "" : ", ") + text(amount, "left") + " " + text(amount, "currency");
  return out;
}

std::string state_text(const json::value& balance) {
  const std::string state = text(balance, "state");
  const std::string trouble = text(balance, "trouble");
  const std::string read_at = text(balance, "read_at");
  std::string out = state == "good"      ? "read"
                    : state == "low"     ? "LOW, read"
                    : state == "pending" ? "not read yet"
                                         : "NOT KNOWN";
  if (state == "unknown" && !read_at.empty()) out += ", last read";
  if (!read_at.empty()) out += " " + read_at;
  return trouble.empty() ? out : out + "; " + trouble;
}

}  // namespace

std::string balances_text(const json::value& balances) {
  std::string out;
  for (const json::value& balance : balances.as_array()) {
    out += fmt::format("{:<44.43}{:>24}{:>12}  {}\n", text(balance, "provider"), left_text(balance),
                       text(balance, "warn_below"), state_text(balance));
  }
  if (out.empty()) return out;
  return fmt::format("{:<44}{:>24}{:>12}  {}\n", "money at", "left", "warns below", "state") + out + "\n";
}

}  // namespace tidegate::app
