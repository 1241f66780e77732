// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#pragma once

#include "llm/dialect.h"
#include "routing/route_options.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::routing {

/// What of a request decides where it goes. Views, borrowed for a call.
struct RequestFacts {
  llm::EndpointMatch match{};
  std::string_view model;
  std::string_view tenant;
  std::span<const std::string> allowed_providers;  ///< of the tenant; empty: all
  bool batch = false;
  bool stream = false;
  bool tools = false;
  std::int64_t body_bytes = 0;
  double draw = 0;  ///< in [0, 1): decides between weights
};

/// A target of a request, in the order of asking.
struct PlannedTarget {
  std::size_t provider = 0;          ///< number in the table's list of providers
  const TargetRule* rule = nullptr;  ///< its terms, in the table; null: none
  bool refuses_losses = false;
};

/// The routes, ready to be asked. Immutable; any thread.
class RouteTable {
 public:
  struct ProviderRow {
    std::string id;
    llm::Dialect dialect = llm::Dialect::Anthropic;
  };
  RouteTable() = default;
  /// Rules that name an unknown provider leave it out.
  RouteTable(std::span<const RouteRule> rules, std::vector<ProviderRow> providers);

  /// Who may serve a request: the targets of the first matching rule that leaves one, else every provider of the request's dialect, in
  /// order. Each provider with the same terms once. A target of the other dialect counts only where a rule names it, and only for
  /// messages and chat completions, which can be translated. Empty: nobody.
  [[nodiscard]] std::vector<PlannedTarget> plan(const RequestFacts& request) const;

 private:
  struct Target {
    std::size_t provider;
    TargetRule rule;
    bool has_terms;
  };
  struct Route {
    std::string model;
    std::vector<Target> targets;
    bool refuses_losses;
    bool has_weights;
  };
  [[nodiscard]] bool may_serve(const Target& target, const RequestFacts& request) const;
  [[nodiscard]] static bool is_allowed(std::string_view provider, const RequestFacts& request);

  std::vector<ProviderRow> providers_;
  std::vector<Route> routes_;
};

}  // namespace tidegate::routing
