// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "app/environment_options.h"

#include <utility>

namespace tidegate::app {

Result<config::Options> options_from_environment(const Environment& environment, const std::string& anthropic_url) {
  config::Options options;
  const char* variable = "CLAUDE_KEY";
  std::optional<std::string> key = environment(variable);
  if (!key) key = environment(variable = "ANTHROPIC_API_KEY");
  if (key || !anthropic_url.empty()) {
    upstream::ProviderOptions anthropic;
    anthropic.id = ProviderId("anthropic");
    anthropic.base_url = anthropic_url.empty() ? "https://api.anthropic.com" : anthropic_url;
    if (key) anthropic.keys.push_back({.name = variable, .secret = Secret(*key), .organisation = {}, .workspace = {}});
    if (anthropic.base_url.starts_with("https://")) anthropic.proxy = environment("HTTPS_PROXY").value_or("");
    options.providers.push_back(std::move(anthropic));
  }
  if (const auto openai_key = environment("OPENAI_API_KEY")) {
    upstream::ProviderOptions openai;
    openai.id = ProviderId("openai");
    openai.base_url = "https://api.openai.com";
    openai.dialect = llm::Dialect::OpenAi;
    openai.credential = upstream::CredentialKind::Bearer;
    openai.keys.push_back({.name = "OPENAI_API_KEY", .secret = Secret(*openai_key), .organisation = {}, .workspace = {}});
    openai.proxy = environment("HTTPS_PROXY").value_or("");
    options.providers.push_back(std::move(openai));
  }
  if (options.providers.empty()) {
    return fail(FailureKind::NotFound, Origin::Operator,
                "no provider: set CLAUDE_KEY (or ANTHROPIC_API_KEY) or OPENAI_API_KEY in the environment, or give --anthropic-url");
  }
  return options;
}

}  // namespace tidegate::app
