// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "config/settings.h"

#include "config/alert_settings.h"
#include "config/forecast_settings.h"
#include "config/key_list.h"
#include "config/nearest.h"
#include "config/prices.h"
#include "config/secrets.h"
#include "config/url.h"

#include <array>
#include <chrono>

namespace tidegate::config {

namespace {

using routing::FailoverOptions;
using routing::RouteRule;
using routing::TargetCondition;
using routing::TargetRule;
using net::ListenOptions;
using std::chrono::hours;
using std::chrono::minutes;
using upstream::CallDeadlines;
using upstream::CredentialKind;
using upstream::ProviderOptions;

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;
constexpr std::size_t kGiB = 1024 * kMiB;

/// A place in a `T`: the accessor of a field. Generic, because it serves reading and printing.
#define TIDEGATE_AT(member) \
  [](auto& whole) -> auto& { return whole.member; }
constexpr auto kItself = [](auto& whole) -> auto& { return whole; };

// ---- single values

std::optional<std::string> why_not_a_name(const std::string& text) {
  const bool good = text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
                    });
  if (good) return std::nullopt;
  return "is not a name; use at most 64 of a-z, 0-9, '-' and '_', because it becomes a label of metrics";
}

std::optional<std::string> why_not_a_header(const std::string& text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";  // RFC 9110 5.6.2
  const bool good = std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
  return good ? std::nullopt : std::optional<std::string>("is not a header name");
}

std::optional<std::string> why_not_an_origin(const std::string& text) {
  const auto url = parse_url(text);
  if (!url || (url->scheme != "http" && url->scheme != "https"))
    return "is not a URL; write it as https://host or http://host:port";
  if (!url->user.empty()) return "holds credentials; name them under 'keys'";
  if (url->has_query || url->has_fragment) return "has a query or fragment; remove it";
  return std::nullopt;
}

std::optional<std::string> why_not_a_proxy(const std::string& text) {
  if (text == "none") return std::nullopt;
  const auto url = parse_url(text);
  if (!url || url->scheme != "http") return "is not a proxy; write it as http://host:port, or none";
  if (!url->user.empty())
    return "holds credentials, which are not supported; use a proxy that takes this machine as it is";
  if (url->path.size() > 1 || url->has_query || url->has_fragment)
    return "has a path; a proxy is only http://host:port";
  return std::nullopt;
}

template <typename Id>
Type<Id> id() {
  return converted<Id, std::string>(
      checked_text("name", why_not_a_name),
      [](Reading&, const Node&, const std::string& text) -> std::optional<Id> { return Id(text); },
      [](const Id& value) { return value.text(); });
}

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

/// `threads: 0` reads better as a word.
Type<std::uint32_t> threads() {
  Type<std::uint32_t> type = count<std::uint32_t>(0, 1'024);
  type.range += "; 0 is one per core";
  return type;
}

// ---- listeners

Type<ListenOptions> address() {
  Type<ListenOptions> type;
  type.name = "address";
  type.schema = schema_of_type("string");
  type.read = [](Reading& reading, const Node& node, ListenOptions& listen) {
    const std::string* written = scalar(reading, node, "an address, as in 127.0.0.1:8080");
    if (written == nullptr) return;
    const auto parsed = parse_address(*written);
    if (!parsed) {
      reading.refuse(node,
                     fmt::format("{} is not an address; write ADDRESS:PORT, as in 127.0.0.1:8080, 0.0.0.0:8080 or "
                                 "[::1]:8080 (port 0 takes a free one)",
                                 shown(*written)));
      return;
    }
    listen.host = parsed->host;
    listen.port = parsed->port;
  };
  type.print = [](const ListenOptions& listen) { return Node::quoted_text(address_text(listen.host, listen.port)); };
  return type;
}

Type<ListenOptions> listener() {
  Type<ListenOptions> type =
      record<ListenOptions>({field<ListenOptions>("address", kItself, address(),
                                                  "where clients connect; `listen: 127.0.0.1:8080` alone will do"),
                             field<ListenOptions>("certificate_file", TIDEGATE_AT(certificate_file), text("path"),
                                                  "PEM chain: clients must then use https; read again when it changes"),
                             field<ListenOptions>("private_key_file", TIDEGATE_AT(private_key_file), text("path"),
                                                  "PEM; required with certificate_file")});
  const Type<ListenOptions> alone = address();
  type.name = "address or map";
  Node choices = Node::list();
  choices.items = {alone.schema, type.schema};
  type.schema = Node::map();
  type.schema.with("anyOf", std::move(choices));
  type.read = [alone, whole = type.read](Reading& reading, const Node& node, ListenOptions& listen) {
    if (node.kind == Node::Kind::List) {
      reading.refuse(
          node,
          "expected one address, as in 127.0.0.1:8080, or a map with address, certificate_file or private_key_file");
      return;
    }
    (node.kind == Node::Kind::Scalar ? alone.read : whole)(reading, node, listen);
  };
  type.print = [alone, whole = type.print](const ListenOptions& listen) {
    return listen.certificate_file.empty() && listen.private_key_file.empty() ? alone.print(listen) : whole(listen);
  };
  return type;
}

Type<admin::AdminOptions> metrics() {
  using admin::AdminOptions;
  return record<AdminOptions>(
      {field<AdminOptions>("address", TIDEGATE_AT(metrics), address(), "where Prometheus scrapes `/metrics`")});
}

Type<admin::AdminOptions> admin_settings() {
  using admin::AdminOptions;
  return record<AdminOptions>(
      {field<AdminOptions>("address", TIDEGATE_AT(admin), address(), "where dashboard and admin API are served",
                           Takes::Restart),
       field<AdminOptions>("token", kItself, secret_in(&AdminOptions::token_name, &AdminOptions::token, "a token"),
                           "`authorization: Bearer TOKEN` of the admin API; required unless it listens on loopback")});
}

// ---- providers

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
                              "open at once, per worker thread"),
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
  fields.push_back(field<ProviderOptions>("base_url", TIDEGATE_AT(base_url), checked_text("URL", why_not_an_origin),
                                          "origin; a path is put before the request's")
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

/// A provider of OpenAI's dialect wants a bearer token unless it says otherwise.
Type<ProviderOptions> provider_with_usual_credential() {
  Type<ProviderOptions> type = provider();
  type.read = [read = type.read](Reading& reading, const Node& node, ProviderOptions& value) {
    read(reading, node, value);
    if (value.dialect == llm::Dialect::OpenAi && node.find("credential") == nullptr)
      value.credential = CredentialKind::Bearer;
  };
  return type;
}

Type<gateway::ClassRule> request_class() {
  using gateway::ClassRule;
  return record<ClassRule>(
      {field<ClassRule>("name", TIDEGATE_AT(name), checked_text("name", why_not_a_name), "what rooms and labels call it").required(),
       field<ClassRule>("factor", TIDEGATE_AT(factor), figure(0.001, 1), "part of its models' limits that the class has"),
       field<ClassRule>("headers", TIDEGATE_AT(headers),
                        word<quota::HeaderScope>({{"model", quota::HeaderScope::Model}, {"class", quota::HeaderScope::Class}}),
                        "of what the rate-limit headers of its answers tell: its models' whole limits, of which `factor` is taken, or the class alone"),
       field<ClassRule>("model", TIDEGATE_AT(model), text("pattern"), "requested model"),
       field<ClassRule>("path", TIDEGATE_AT(path), text("pattern"), "path without query"),
       field<ClassRule>("header", TIDEGATE_AT(header), checked_text("header name", why_not_a_header), "a header that must be there"),
       field<ClassRule>("value", TIDEGATE_AT(value), text("pattern"), "of that header"),
       field<ClassRule>("tool", TIDEGATE_AT(tool), text("pattern"), "name of a tool that the request offers"),
       field<ClassRule>("system_hash", TIDEGATE_AT(system_hash), text("16 hexadecimal digits"),
                        "of the system prompt, as answers tell it in `x-tidegate-system-hash` once some class has one")});
}

Type<quota::AdmissionOptions> admission() {
  using quota::AdmissionOptions;
  return record<AdmissionOptions>(
      {field<AdmissionOptions>("max_wait", TIDEGATE_AT(max_wait), duration(Nanoseconds(0), hours(1)),
                               "how long a request may wait for its turn, over all targets; a header `x-tidegate-max-wait: 30s` says "
                               "otherwise. Without `stream: true` never more than 240s"),
       field<AdmissionOptions>("batch_max_wait", TIDEGATE_AT(batch_max_wait), duration(Nanoseconds(0), hours(1)),
                               "the same for requests with `x-tidegate-priority: batch`"),
       field<AdmissionOptions>("spare_after", TIDEGATE_AT(spare_after), duration(Nanoseconds(0), hours(1)),
                               "a wait that would be longer goes to the route's next target"),
       field<AdmissionOptions>("batch_spare_after", TIDEGATE_AT(batch_spare_after), duration(Nanoseconds(0), hours(1)),
                               "the same for batch requests"),
       field<AdmissionOptions>("max_waiting", TIDEGATE_AT(max_waiting), count<std::size_t>(1, 1'000'000),
                               "requests that wait for one provider's group of models; further ones go on or get their 429 at once"),
       field<AdmissionOptions>("batch_reserve", TIDEGATE_AT(batch_reserve), figure(0, 1),
                               "share of a pool that batch requests leave for interactive ones")});
}

Type<TargetCondition> target_condition() {
  return record<TargetCondition>(
      {field<TargetCondition>("tenants", TIDEGATE_AT(tenants), list_of(text("pattern"), 1'000), "of one of these tenants; without it, of any"),
       field<TargetCondition>("batch", TIDEGATE_AT(batch), optional(yes_or_no()), "of batch priority, or not of it"),
       field<TargetCondition>("stream", TIDEGATE_AT(stream), optional(yes_or_no()), "asks for a stream, or does not"),
       field<TargetCondition>("tools", TIDEGATE_AT(tools), optional(yes_or_no()), "offers tools, or none"),
       field<TargetCondition>("max_body", TIDEGATE_AT(max_body_bytes),
                              optional(converted<std::int64_t, std::size_t>(
                                  byte_size(1, kGiB),
                                  [](Reading&, const Node&, std::size_t bytes) { return std::optional(static_cast<std::int64_t>(bytes)); },
                                  [](const std::int64_t& bytes) { return static_cast<std::size_t>(bytes); })),
                              "its body is at most as large")});
}

Type<TargetRule> target_rule() {
  return record<TargetRule>(
      {field<TargetRule>("provider", TIDEGATE_AT(provider), id<ProviderId>(), "name of the provider").required(),
       field<TargetRule>("model", TIDEGATE_AT(model), text("model"), "the model's name there; without it, as the provider's `models` say"),
       field<TargetRule>("key", TIDEGATE_AT(key), text("name"), "the one key of the provider that may be used, by the name of its variable or file"),
       field<TargetRule>("max_wait", TIDEGATE_AT(max_wait), optional(duration(Nanoseconds(0), hours(1))),
                         "for its turn there, before the next target is asked; without it, `admission.spare_after`"),
       field<TargetRule>("max_cost", TIDEGATE_AT(max_cost), optional(dollars()),
                         "price ceiling: dearer requests pass it by. Of input as estimated and all output that is allowed, in dollars"),
       field<TargetRule>("weight", TIDEGATE_AT(weight), count<std::int64_t>(0, 1'000'000),
                         "targets next to each other with a weight share the requests by it; 0: in order"),
       field<TargetRule>("when", TIDEGATE_AT(when), target_condition(), "only requests for which all of this holds")});
}

Type<FailoverOptions> failover() {
  return record<FailoverOptions>(
      {field<FailoverOptions>("time_budget", TIDEGATE_AT(time_budget), duration(Seconds(1), hours(1)),
                              "since the request came; after it no further attempt is begun"),
       field<FailoverOptions>("max_attempts", TIDEGATE_AT(max_attempts), count<std::int64_t>(1, 100),
                              "attempts of one request, over all targets")});
}

Type<caching::CachingOptions> prompt_cache() {
  using caching::CachingOptions;
  using caching::Injection;
  using caching::LifetimeChoice;
  return record<CachingOptions>(
      {field<CachingOptions>("enabled", TIDEGATE_AT(enabled),
                             word<Injection>({{"off", Injection::Off}, {"dry_run", Injection::DryRun}, {"on", Injection::On}}),
                             "mark Anthropic prompts for the provider's cache where that pays, if the client marked none; `dry_run` only "
                             "reckons what it would have saved",
                             Takes::Restart),
       field<CachingOptions>("lifetime", TIDEGATE_AT(lifetime),
                             word<LifetimeChoice>({{"automatic", LifetimeChoice::Automatic}, {"5m", LifetimeChoice::FiveMinutes}}),
                             "of cache entries: an hour where gaps between requests make it pay, or never more than five minutes",
                             Takes::Restart),
       field<CachingOptions>("first_sight", TIDEGATE_AT(first_sight), yes_or_no(),
                             "mark prompts not seen before too, if others of their kind came again; of an unknown kind the first two",
                             Takes::Restart),
       field<CachingOptions>("max_prefixes", TIDEGATE_AT(max_prefixes), count<std::size_t>(64, 10'000'000),
                             "beginnings of prompts to remember, as hashes; some 100 bytes each", Takes::Restart),
       field<CachingOptions>("fan_out_wait", TIDEGATE_AT(fan_out_wait), duration(Nanoseconds(0), minutes(1)),
                             "how long a request waits for the first byte of another one that is writing the same prefix; 0s: never",
                             Takes::Restart)});
}

Type<gateway::AnswerCacheOptions> response_cache() {
  using gateway::AnswerCacheOptions;
  return record<AnswerCacheOptions>(
      {field<AnswerCacheOptions>("ttl", TIDEGATE_AT(ttl), duration(Nanoseconds(0), hours(24 * 30)),
                                 "how long an answer is given again to the same bytes from the same tenant, if the request says `temperature: 0`, asks "
                                 "for embeddings, or has the header `x-tidegate-cache: yes`; 0s: never",
                                 Takes::Restart),
       field<AnswerCacheOptions>("max_bytes", TIDEGATE_AT(max_bytes), byte_size(kMiB, 64 * kGiB),
                                 "memory for kept answers; one larger than a sixteenth of it is not kept", Takes::Restart)});
}

Type<RouteRule> route() {
  return record<RouteRule>(
      {field<RouteRule>("model", TIDEGATE_AT(model), text("pattern"),
                        "requested model; `*` is any run, `?` one character"),
       field<RouteRule>("provider", TIDEGATE_AT(provider), id<ProviderId>(), "name of the provider that serves it; or see `targets`"),
       field<RouteRule>("overflow", TIDEGATE_AT(overflow), list_of(id<ProviderId>(), 16),
                        "providers that serve what it cannot serve, or not in time, in this order; those of the other dialect by translation"),
       field<RouteRule>("targets", TIDEGATE_AT(targets), list_of(target_rule(), 32), "instead of `provider`: who may serve it, and on which terms"),
       field<RouteRule>("lossy", TIDEGATE_AT(refuses_losses), word<bool>({{"allow", false}, {"refuse", true}}),
                        "whether a request goes to a provider of another dialect that cannot carry all of it (docs/translation.md)")});
}

// ---- the other maps

Type<Options> limits() {
  return record<Options>(
      {field<Options>("max_head", TIDEGATE_AT(limits.max_head_bytes), byte_size(kKiB, 16 * kMiB),
                      "head of a request; larger: 431"),
       field<Options>("max_body", TIDEGATE_AT(limits.max_body_bytes), byte_size(kKiB, kGiB),
                      "body of a request; larger: 413"),
       field<Options>("max_upload", TIDEGATE_AT(limits.max_upload_bytes), byte_size(kKiB, 1024 * kGiB),
                      "file upload, which streams through; larger: 413"),
       field<Options>("max_connections", TIDEGATE_AT(limits.max_connections), count<std::size_t>(1, 10'000'000),
                      "of clients; further ones wait in the kernel's backlog"),
       field<Options>("head_timeout", TIDEGATE_AT(limits.head_timeout), duration(Milliseconds(100), hours(1)),
                      "from a request's first byte to the end of its head; later: 408"),
       field<Options>("body_timeout", TIDEGATE_AT(limits.body_timeout), duration(Milliseconds(100), hours(1)),
                      "longest pause inside a request's body; longer: 408"),
       field<Options>("idle_timeout", TIDEGATE_AT(limits.idle_timeout), duration(Milliseconds(100), hours(24)),
                      "a connection without a request for so long is closed"),
       field<Options>("write_timeout", TIDEGATE_AT(limits.write_timeout), duration(Milliseconds(100), hours(24)),
                      "a client that takes no byte for so long is gone"),
       field<Options>("body_memory", TIDEGATE_AT(gateway.body_memory), byte_size(kMiB, 1024 * kGiB),
                      "all request bodies together; when it is spent, sockets are not read further"),
       field<Options>("body_wait", TIDEGATE_AT(gateway.body_wait), duration(Nanoseconds(0), hours(1)),
                      "for room in body_memory; longer: 429 with retry-after")});
}

Type<gateway::GatewayOptions> attribution() {
  using gateway::GatewayOptions;
  return record<GatewayOptions>(
      {field<GatewayOptions>("default_tenant", TIDEGATE_AT(default_tenant), checked_text("name", why_not_a_name),
                             "tenant of requests whose key names none"),
       field<GatewayOptions>("user_headers", TIDEGATE_AT(user_headers),
                             list_of(checked_text("header name", why_not_a_header), 32),
                             "headers that name the user; the first one present wins over the body's user")});
}

Type<store::StoreOptions> ledger() {
  using store::StoreOptions;
  using store::WhenFull;
  return record<StoreOptions>(
      {field<StoreOptions>("directory", TIDEGATE_AT(directory), text("path"),
                           "holds `ledger.db` and `journal/`; created if missing", Takes::Restart),
       field<StoreOptions>("segment_size", TIDEGATE_AT(segment_bytes), byte_size(64 * kKiB, kGiB),
                           "one file of the journal", Takes::Restart),
       field<StoreOptions>("journal_size", TIDEGATE_AT(journal_bytes), byte_size(kMiB, 1024 * kGiB),
                           "all files of the journal together", Takes::Restart),
       field<StoreOptions>("when_full", TIDEGATE_AT(when_full),
                           word<WhenFull>({{"continue", WhenFull::Continue}, {"refuse", WhenFull::Refuse}}),
                           "when the journal is full: serve on and count what is not recorded, or answer 503",
                           Takes::Restart),
       field<StoreOptions>("sync_interval", TIDEGATE_AT(sync_interval), duration(Milliseconds(10), minutes(10)),
                           "how much a power cut may cost: the journal is written to disk so often", Takes::Restart),
       field<StoreOptions>("drain_interval", TIDEGATE_AT(drain_interval), duration(Milliseconds(10), minutes(10)),
                           "how often entries are moved to the database", Takes::Restart),
       field<StoreOptions>("retention", TIDEGATE_AT(retention), duration(hours(1), hours(24 * 3'650)),
                           "older entries are deleted", Takes::Restart)});
}

Type<monitor::WindowOptions> windows() {
  using monitor::WindowOptions;
  return record<WindowOptions>(
      {field<WindowOptions>("lengths", TIDEGATE_AT(lengths), list_of(duration(Seconds(1), hours(24)), 8),
                            "sliding windows to keep", Takes::Restart),
       field<WindowOptions>("max_values", TIDEGATE_AT(max_values), count<std::size_t>(1, 10'000),
                            "rows per dimension (model, user …); the rest shares one row `other`", Takes::Restart)});
}

Type<monitor::ShadowOptions> shadow() {
  using monitor::ShadowBy;
  using monitor::ShadowOptions;
  return record<ShadowOptions>(
      {field<ShadowOptions>("provider", TIDEGATE_AT(provider), id<ProviderId>(), "who gets the copies; without it, nobody"),
       field<ShadowOptions>("enabled", TIDEGATE_AT(enabled), yes_or_no(), "false keeps the other settings, and sends nothing"),
       field<ShadowOptions>("share", TIDEGATE_AT(share), figure(0, 1), "of the traffic that is copied"),
       field<ShadowOptions>("by", TIDEGATE_AT(by), word<ShadowBy>({{"request", ShadowBy::Request}, {"session", ShadowBy::Session}}),
                            "what is drawn: single requests, or conversations as a whole"),
       field<ShadowOptions>("max_concurrent", TIDEGATE_AT(max_concurrent), count<std::size_t>(1, 1'000), "copies that run at once"),
       field<ShadowOptions>("max_per_minute", TIDEGATE_AT(max_per_minute), count<std::size_t>(1, 100'000),
                            "copies in any 60 seconds"),
       field<ShadowOptions>("budget", TIDEGATE_AT(budget), dollars(), "a day in UTC, for all copies; when it is spent, none is sent"),
       field<ShadowOptions>("min_headroom", TIDEGATE_AT(min_headroom), figure(0, 1),
                            "share of its limits that a pool must have left; with less, none is sent")});
}

Type<LogOptions> log() {
  return record<LogOptions>(
      {field<LogOptions>("level", TIDEGATE_AT(level),
                         word<LogLevel>({{"debug", LogLevel::Debug},
                                         {"info", LogLevel::Info},
                                         {"warning", LogLevel::Warning},
                                         {"error", LogLevel::Error}}),
                         "lines below this level are not written"),
       field<LogOptions>("file", TIDEGATE_AT(file), text("path"), "without it, standard error", Takes::Restart),
       field<LogOptions>("buffer_lines", TIDEGATE_AT(buffer_lines), count<std::size_t>(16, 10'000'000),
                         "waiting lines; further ones are dropped and counted", Takes::Restart)});
}

Type<Options> make_all() {
  using gateway::AuthMode;
  std::vector<Field<Options>> fields;
  fields.push_back(
      field<Options>("listen", TIDEGATE_AT(listen), listener(), "where programs send their requests", Takes::Restart));
  fields.push_back(field<Options>("metrics", TIDEGATE_AT(admin), metrics(), "the metrics listener", Takes::Restart));
  fields.push_back(field<Options>("admin", TIDEGATE_AT(admin), admin_settings(), "dashboard and admin API"));
  fields.push_back(field<Options>(
      "auth", TIDEGATE_AT(gateway.auth),
      word<AuthMode>(
          {{"open", AuthMode::Open}, {"virtual", AuthMode::Virtual}, {"passthrough", AuthMode::Passthrough}}),
      "who may use the gateway: everyone on this machine; holders of a key that `tidegate keys "
      "create` made; everyone, with the client's own credential going upstream"));
  fields.push_back(field<Options>("providers", TIDEGATE_AT(providers), list_of(provider_with_usual_credential(), 200),
                                  "where requests go; without any, those whose keys are in the environment"));
  fields.push_back(
      field<Options>("routes", TIDEGATE_AT(gateway.routes), list_of(route(), 2'000),
                     "which provider serves a model; the first that matches counts. Where none does: the "
                     "providers of the request's dialect in their order, each serving what the one before cannot in time"));
  fields.push_back(field<Options>("failover", TIDEGATE_AT(gateway.failover), failover(), "how far one request goes over to other targets"));
  fields.push_back(field<Options>("admission", TIDEGATE_AT(gateway.admission), admission(),
                                  "how requests wait for their turn where limits are short"));
  fields.push_back(field<Options>("classes", TIDEGATE_AT(gateway.classes), list_of(request_class(), 200),
                                  "requests that a provider counts at a part of its limits; the first that fits in all it says"));
  fields.push_back(field<Options>("prompt_cache", TIDEGATE_AT(prompt_cache), prompt_cache(),
                                  "marks for the provider's prompt cache, set by the gateway (docs/prompt_cache.md)"));
  fields.push_back(field<Options>("response_cache", TIDEGATE_AT(response_cache), response_cache(),
                                  "whole answers, given again to the same question (docs/answer_cache.md)"));
  fields.push_back(field<Options>("limits", kItself, limits(), "what one client may ask for"));
  fields.push_back(field<Options>("drain_timeout", TIDEGATE_AT(gateway.drain_timeout),
                                  duration(Nanoseconds(0), hours(24)), "after SIGTERM, for running answers"));
  fields.push_back(
      field<Options>("threads", TIDEGATE_AT(gateway.worker_threads), threads(), "worker threads", Takes::Restart));
  fields.push_back(
      field<Options>("public_url", TIDEGATE_AT(gateway.public_url), checked_text("URL", why_not_an_origin),
                     "origin that clients use, for the `results_url` of batches; without it, the request's Host"));
  fields.push_back(field<Options>("attribution", TIDEGATE_AT(gateway), attribution(), "whom a request is counted for"));
  fields.push_back(
      field<Options>("ledger", TIDEGATE_AT(store), ledger(), "the record of every request", Takes::Restart));
  fields.push_back(field<Options>("windows", TIDEGATE_AT(windows), windows(), "live figures", Takes::Restart));
  fields.push_back(field<Options>("shadow", TIDEGATE_AT(shadow), shadow(),
                                  "copies of some requests to a second provider, after their clients were served (docs/shadow.md)"));
  fields.push_back(field<Options>("forecast", TIDEGATE_AT(forecast), forecast_settings(),
                                  "what will be asked for, and when limits and budgets run out (docs/forecast.md)"));
  fields.push_back(field<Options>("alerts", kItself, alert_settings(), "who is told of what, and what is done about it (docs/alerts.md)"));
  fields.push_back(
      field<Options>("prices", TIDEGATE_AT(prices), price_settings(),
                     "what models cost; a row here replaces the shipped rows of the same model, provider and speed"));
  fields.push_back(field<Options>("log", TIDEGATE_AT(log), log(), "one line per request, and what goes wrong"));
  return record<Options>(std::move(fields));
}

#undef TIDEGATE_AT

}  // namespace

const Type<Options>& all_settings() {
  static const Type<Options> type = make_all();
  return type;
}

std::vector<Setting> list_settings() {
  std::vector<Setting> settings;
  Options fallback;
  fallback.prices = shipped_prices();
  all_settings().describe(fallback, "", settings);
  return settings;
}

Node effective(const Options& options) { return all_settings().print(options); }

Node json_schema() {
  Node schema = Node::map();
  schema.with("$schema", Node::quoted_text("https://json-schema.org/draft/2020-12/schema"));
  schema.with("title", Node::quoted_text("tidegate.yaml"));
  const Node& whole = all_settings().schema;
  for (std::size_t i = 0; i < whole.items.size(); ++i) schema.with(whole.keys[i].text, whole.items[i]);
  return schema;
}

}  // namespace tidegate::config
