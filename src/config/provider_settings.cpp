// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/provider_settings.h"

#include "config/key_list.h"
#include "config/nearest.h"
#include "config/secrets.h"
#include "config/setting_parts.h"

#include <array>
#include <chrono>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::config {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using upstream::CallDeadlines;
using upstream::CredentialKind;
using upstream::ProviderOptions;

Type<std::string> proxy() {
  return converted<std::string, std::string>(
      checked_text("URL", why_not_a_proxy),
      [](Reading&, const Node&, const std::string& text) -> std::optional<std::string> {
        return text == "none" ? std::string() : text;
      },
      [](const std::string& value) { return value.empty() ? std::string("none") : value; });
}

/// What applies without it depends on the environment, so the reference shows no default.
Field<ProviderOptions> without_fallback(Field<ProviderOptions> field) {
  field.describe = [describe = field.describe](const ProviderOptions& fallback, const std::string& path,
                                               std::vector<Setting>& settings) {
    const std::size_t own = settings.size();
    describe(fallback, path, settings);
    settings[own].fallback.clear();
  };
  return field;
}

/// `x-api-key`, `bearer`, `none` or `{header: NAME}`; sets two members.
Type<ProviderOptions> credential() {
  const Type<CredentialKind> kind = word<CredentialKind>({{"x-api-key", CredentialKind::ApiKeyHeader},
                                                          {"bearer", CredentialKind::Bearer},
                                                          {"none", CredentialKind::None}});
  const Type<ProviderOptions> header = record<ProviderOptions>(
      {field<ProviderOptions>("header", TIDEGATE_AT(credential_header), checked_text("header name", why_not_a_header),
                              "header that carries the key alone")
           .required()});
  Type<ProviderOptions> type;
  type.name = "word or map";
  type.range = kind.range + ", or {header: NAME}";
  Node choices = Node::list();
  choices.items = {kind.schema, header.schema};
  type.schema = Node::map();
  type.schema.with("anyOf", std::move(choices));
  type.read = [kind, header](Reading& reading, const Node& node, ProviderOptions& provider) {
    if (node.kind != Node::Kind::Map) return kind.read(reading, node, provider.credential);
    header.read(reading, node, provider);
    if (!provider.credential_header.empty()) provider.credential = CredentialKind::NamedHeader;
  };
  type.print = [kind, header](const ProviderOptions& provider) {
    return provider.credential == CredentialKind::NamedHeader ? header.print(provider)
                                                              : kind.print(provider.credential);
  };
  return type;
}

Type<CallDeadlines> deadlines() {
  return record<CallDeadlines>(
      {field<CallDeadlines>("connect", TIDEGATE_AT(connect), duration(Milliseconds(10), minutes(5)),
                            "name, TCP and TLS together"),
       field<CallDeadlines>("first_byte", TIDEGATE_AT(first_byte), duration(Milliseconds(100), hours(24)),
                            "from the request sent to the head of the answer"),
       field<CallDeadlines>("idle", TIDEGATE_AT(idle), duration(Milliseconds(100), hours(24)),
                            "longest pause inside an answer"),
       field<CallDeadlines>("total", TIDEGATE_AT(total), duration(Milliseconds(100), hours(24)), "the whole call")});
}

Type<ProviderOptions> connections() {
  return record<ProviderOptions>(
      {field<ProviderOptions>("max", TIDEGATE_AT(max_connections), count<std::size_t>(1, 100'000),
                              "open at once, busy and idle, per worker thread; further requests wait for one as long as for connecting"),
       field<ProviderOptions>("max_idle", TIDEGATE_AT(max_idle_connections), count<std::size_t>(0, 100'000),
                              "kept open for the next request, per worker thread"),
       field<ProviderOptions>("max_idle_time", TIDEGATE_AT(max_idle_time), duration(Milliseconds(100), hours(1)),
                              "an idle connection older than this is not used again")});
}

Type<ProviderOptions> tls() {
  return record<ProviderOptions>(
      {field<ProviderOptions>("ca_file", TIDEGATE_AT(ca_file), text("path"),
                              "PEM; without it, the authorities of the system"),
       field<ProviderOptions>("verify", TIDEGATE_AT(verify_certificate), yes_or_no(),
                              "false only for tests: anybody between could read keys and prompts")});
}

Type<quota::GroupLimitRule> known_limit() {
  using quota::Dimension;
  using quota::GroupLimitRule;
  std::vector<Field<GroupLimitRule>> fields;
  fields.push_back(field<GroupLimitRule>("models", TIDEGATE_AT(models), text("pattern"),
                                         "group of models as `tidegate status` names it, `opus-5` or `haiku-*`"));
  const auto of = [](Dimension dimension) {
    return [dimension](auto& rule) -> auto& { return rule.limits.limits[dimension]; };
  };
  fields.push_back(field<GroupLimitRule>("requests", of(Dimension::Requests), optional(figure(1, 1e12)), "per minute"));
  fields.push_back(field<GroupLimitRule>("input_tokens", of(Dimension::Input), optional(figure(1, 1e12)), "per minute"));
  fields.push_back(field<GroupLimitRule>("output_tokens", of(Dimension::Output), optional(figure(1, 1e12)), "per minute"));
  fields.push_back(field<GroupLimitRule>("tokens", of(Dimension::Tokens), optional(figure(1, 1e12)), "per minute, input and output together"));
  const auto of_period = [](quota::PeriodDimension dimension) {
    return [dimension](auto& rule) -> auto& { return rule.limits.periods[dimension]; };
  };
  for (const quota::PeriodDimension dimension : quota::kPeriodDimensions) {
    fields.push_back(field<GroupLimitRule>(std::string(to_string(dimension)), of_period(dimension), optional(figure(1, 1e15)),
                                           counts_tokens(dimension) ? "input and output together; no header tells it" : "no header tells it"));
  }
  fields.push_back(field<GroupLimitRule>("concurrent", TIDEGATE_AT(limits.concurrency), optional(figure(1, 1e12)), "requests in flight"));
  return record<GroupLimitRule>(std::move(fields));
}

Type<std::string> tier() {
  std::vector<std::string> names(quota::tier_names().begin(), quota::tier_names().end());
  return checked_text("tier", [names](const std::string& written) -> std::optional<std::string> {
    if (std::find(names.begin(), names.end(), written) != names.end()) return std::nullopt;
    const auto near = nearest(written, names);
    return near ? fmt::format("is no tier; did you mean '{}'?", *near) : fmt::format("is no tier; known: {}", fmt::join(names, ", "));
  });
}

/// What a provider takes of a dialect; of use only where requests are translated into it (docs/translation.md).
Type<ProviderOptions> quirks() {
  using Effort = llm::openai::Quirks::ReasoningEffort;
  using Format = llm::openai::Quirks::ResponseFormat;
  using Thinking = llm::anthropic::Quirks::Thinking;
  std::vector<Field<ProviderOptions>> fields;
  fields.push_back(field<ProviderOptions>("max_tokens_field", TIDEGATE_AT(openai.max_tokens_field), text("name"), "openai: `max_tokens` or `max_completion_tokens`"));
  fields.push_back(field<ProviderOptions>("stream_options", TIDEGATE_AT(openai.stream_options), yes_or_no(), "openai: takes `stream_options.include_usage`"));
  fields.push_back(field<ProviderOptions>("ends_with_done", TIDEGATE_AT(openai.ends_with_done), yes_or_no(), "openai: its streams end with `[DONE]`"));
  fields.push_back(field<ProviderOptions>("openai_sampling", TIDEGATE_AT(openai.sampling), yes_or_no(), "openai: takes `temperature` and `top_p`"));
  fields.push_back(field<ProviderOptions>("top_k", TIDEGATE_AT(openai.top_k), yes_or_no(), "openai: takes `top_k`"));
  fields.push_back(field<ProviderOptions>("parallel_tool_calls", TIDEGATE_AT(openai.parallel_tool_calls), yes_or_no(), "openai: takes the switch"));
  fields.push_back(field<ProviderOptions>("content_parts", TIDEGATE_AT(openai.content_parts), yes_or_no(), "openai: takes content in parts, else only a text"));
  fields.push_back(field<ProviderOptions>("cache_control", TIDEGATE_AT(openai.cache_control), yes_or_no(), "openai: takes Anthropic's cache marks"));
  fields.push_back(field<ProviderOptions>("user", TIDEGATE_AT(openai.user), yes_or_no(), "openai: takes `user`"));
  fields.push_back(field<ProviderOptions>("reasoning_effort", TIDEGATE_AT(openai.reasoning_effort),
                                          word<Effort>({{"omit", Effort::Omit}, {"high", Effort::UpToHigh}, {"xhigh", Effort::UpToXHigh}}),
                                          "openai: up to which effort it takes `reasoning_effort`"));
  fields.push_back(field<ProviderOptions>("reasoning_field", TIDEGATE_AT(openai.reasoning_field), text("name"),
                                          "openai: what earlier reasoning is called in messages; without it, it is not sent back"));
  fields.push_back(field<ProviderOptions>("response_format", TIDEGATE_AT(openai.response_format),
                                          word<Format>({{"none", Format::None}, {"object", Format::Object}, {"schema", Format::Schema}}),
                                          "openai: which kinds of structured output it takes"));
  fields.push_back(field<ProviderOptions>("openai_most_tokens", TIDEGATE_AT(openai.most_max_tokens), optional(count<std::int64_t>(1, 10'000'000)),
                                          "openai: the most output that may be asked for"));
  fields.push_back(field<ProviderOptions>("prompt_cache", TIDEGATE_AT(takes_cache_control), yes_or_no(),
                                          "anthropic: takes `cache_control`, so that `prompt_cache:` may mark its prompts"));
  fields.push_back(field<ProviderOptions>("version", TIDEGATE_AT(anthropic.version), text("date"), "anthropic: `anthropic-version` that is sent"));
  fields.push_back(field<ProviderOptions>("thinking", TIDEGATE_AT(anthropic.thinking),
                                          word<Thinking>({{"adaptive", Thinking::Adaptive}, {"budget", Thinking::Budget}, {"none", Thinking::None}}),
                                          "anthropic: how its models are told to think"));
  fields.push_back(field<ProviderOptions>("sampling", TIDEGATE_AT(anthropic.sampling), yes_or_no(), "anthropic: takes `temperature`, `top_p`, `top_k`"));
  fields.push_back(field<ProviderOptions>("system_messages", TIDEGATE_AT(anthropic.system_messages), yes_or_no(), "anthropic: takes `role: system` among the messages"));
  fields.push_back(field<ProviderOptions>("json_schema", TIDEGATE_AT(anthropic.json_schema), yes_or_no(), "anthropic: takes `output_config.format`"));
  fields.push_back(field<ProviderOptions>("default_max_tokens", TIDEGATE_AT(anthropic.default_max_tokens), count<std::int64_t>(1, 10'000'000),
                                          "anthropic: `max_tokens` where the client's dialect said none"));
  fields.push_back(field<ProviderOptions>("most_tokens", TIDEGATE_AT(anthropic.most_max_tokens), optional(count<std::int64_t>(1, 10'000'000)),
                                          "anthropic: the most output that may be asked for"));
  return record<ProviderOptions>(std::move(fields));
}

Type<upstream::BalanceOptions> balance() {
  using upstream::BalanceKind;
  using upstream::BalanceOptions;
  constexpr std::array kKinds{BalanceKind::OneApi,   BalanceKind::NewApi,   BalanceKind::OpenRouter,
                              BalanceKind::DeepSeek, BalanceKind::Moonshot, BalanceKind::SiliconFlow};
  std::vector<std::pair<std::string, BalanceKind>> kinds;
  for (const BalanceKind kind : kKinds) kinds.emplace_back(to_string(kind), kind);
  return record<BalanceOptions>(
      {field<BalanceOptions>("kind", TIDEGATE_AT(kind), word<BalanceKind>(std::move(kinds)), "which API tells it").required(),
       field<BalanceOptions>("every", TIDEGATE_AT(every), duration(Seconds(10), hours(24)), "between two readings"),
       field<BalanceOptions>("warn_below", TIDEGATE_AT(warn_below), figure(0, 1e9),
                             "alarm `balance_low` with less, in the currency of the provider's answer"),
       field<BalanceOptions>("url", TIDEGATE_AT(url), checked_text("URL", why_not_an_origin),
                             "what the paths of that kind are put after; by default scheme, host and port of `base_url`"),
       field<BalanceOptions>("key", kItself, secret_in(&BalanceOptions::key_name, &BalanceOptions::key, "a key"),
                             "of the account, where the provider's own keys do not tell all: an access token of one-api and new-api, a "
                             "management key of OpenRouter; by default the first of its keys")});
}

Type<ProviderOptions> provider() {
  std::vector<Field<ProviderOptions>> fields;
  fields.push_back(
      field<ProviderOptions>("name", TIDEGATE_AT(id), id<ProviderId>(), "what routes, labels and logs call it")
          .required());
  fields.push_back(field<ProviderOptions>("base_url", TIDEGATE_AT(base_url), checked_text("URL", why_not_a_base_url),
                                          "origin; a path is put before the request's, which begins with /v1")
                       .required());
  fields.push_back(field<ProviderOptions>(
      "dialect", TIDEGATE_AT(dialect),
      word<llm::Dialect>({{"anthropic", llm::Dialect::Anthropic}, {"openai", llm::Dialect::OpenAi}}),
      "how its requests and answers are written"));
  fields.push_back(
      field<ProviderOptions>("credential", kItself, credential(),
                             "how it wants its key; by default x-api-key for anthropic, bearer for openai"));
  fields.push_back(field<ProviderOptions>("keys", TIDEGATE_AT(keys), list_of(provider_key(), 1'000), "its keys"));
  fields.push_back(field<ProviderOptions>("pool", TIDEGATE_AT(key_list), optional(key_list()),
                                          "more keys, from a Redis list that is read while the program runs (docs/pools.md)"));
  fields.push_back(field<ProviderOptions>(
      "keys_file", TIDEGATE_AT(keys_file), text("path"),
      "more keys: a file with one a line, or a directory of such files; read again every 2s"));
  fields.push_back(field<ProviderOptions>(
      "admin_key", kItself, secret_in(&ProviderOptions::admin_key_name, &ProviderOptions::admin_key, "an admin key"),
      "key of the Admin API, for `tidegate reconcile` and for limits"));
  fields.push_back(field<ProviderOptions>("balance", TIDEGATE_AT(balance), optional(balance()),
                                          "what is left of the money there, read now and then (docs/routing.md)"));
  fields.push_back(field<ProviderOptions>("models", TIDEGATE_AT(models), text_map("model", 1'000),
                                          "requested model: its name there; other models keep their name"));
  fields.push_back(field<ProviderOptions>("strict", TIDEGATE_AT(strict), yes_or_no(),
                                          "hold its streams of messages and chat completions against the grammar of its dialect; one that leaves it is broken off, "
                                          "or, before its first event, is no answer"));
  fields.push_back(field<ProviderOptions>("quirks", kItself, quirks(), "what it takes of its dialect; for requests that are translated into it"));
  fields.push_back(field<ProviderOptions>("tier", TIDEGATE_AT(pools.tier), tier(),
                                          "usage tier, for the limits before the first header tells them: start, build, scale, tier1 to "
                                          "tier4, tier2_before, tier3_before"));
  fields.push_back(field<ProviderOptions>("limits", TIDEGATE_AT(pools.limits), list_of(known_limit(), 200),
                                          "limits of its groups of models, over the tier; the first that matches. Headers win, but for `concurrent`"));
  fields.push_back(field<ProviderOptions>(
      "output", TIDEGATE_AT(pools.output),
      word<quota::OutputAccounting>({{"as_produced", quota::OutputAccounting::AsProduced},
                                     {"reserve_maximum", quota::OutputAccounting::ReserveMaximum}}),
      "how it counts output against its limits: each token when it is produced, or max_tokens at the start"));
  fields.push_back(field<ProviderOptions>("deadlines", TIDEGATE_AT(deadlines), deadlines(),
                                          "how long each part of a call may take"));
  fields.push_back(field<ProviderOptions>("connections", kItself, connections(), "connections to it"));
  fields.push_back(field<ProviderOptions>("tls", kItself, tls(), "how its certificate is checked"));
  fields.push_back(without_fallback(
      field<ProviderOptions>("proxy", TIDEGATE_AT(proxy), proxy(),
                             "`http://host:port` for CONNECT, or none; by default HTTPS_PROXY unless NO_PROXY "
                             "names the host, for https addresses only")));
  return record<ProviderOptions>(std::move(fields));
}

}  // namespace

Type<ProviderOptions> provider_settings() {
  Type<ProviderOptions> type = provider();
  type.read = [read = type.read](Reading& reading, const Node& node, ProviderOptions& value) {
    read(reading, node, value);
    if (value.dialect == llm::Dialect::OpenAi && node.find("credential") == nullptr)
      value.credential = CredentialKind::Bearer;
  };
  return type;
}

}  // namespace tidegate::config
