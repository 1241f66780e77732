// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "llm/dialect.h"

#include "llm/path_spelling.h"

#include <algorithm>
#include <array>

namespace tidegate::llm {

namespace {

/// Whose a path is: one dialect's, or both have it and the version header decides.
enum class Owner : std::uint8_t { Anthropic, OpenAi, Both };
/// Whether only the path itself is meant or also what is below it.
enum class Extent : std::uint8_t { Exact, Subtree };

struct Route {
  std::string_view path;
  Extent extent;
  Owner owner;
  Endpoint endpoint;
};

// The longer path first where one is the beginning of another.
constexpr std::array<Route, 18> kRoutes{{
    {"/v1/messages", Extent::Exact, Owner::Anthropic, Endpoint::Messages},
    {"/v1/chat/completions", Extent::Exact, Owner::OpenAi, Endpoint::ChatCompletions},
    {"/v1/responses", Extent::Exact, Owner::OpenAi, Endpoint::Responses},
    {"/v1/embeddings", Extent::Exact, Owner::OpenAi, Endpoint::Embeddings},
    {"/v1/messages/count_tokens", Extent::Exact, Owner::Anthropic, Endpoint::CountTokens},
    {"/v1/messages/batches", Extent::Subtree, Owner::Anthropic, Endpoint::MessageBatches},
    {"/v1/models", Extent::Subtree, Owner::Both, Endpoint::Models},
    {"/v1/files", Extent::Subtree, Owner::Both, Endpoint::Files},
    // Known to be OpenAI's, though nothing is read from them. Everything else is Anthropic's (skills, agents, sessions
    // …).
    {"/v1/responses", Extent::Subtree, Owner::OpenAi,
     Endpoint::Other},  // a stored answer shows its usage again: paid once
    {"/v1/completions", Extent::Exact, Owner::OpenAi, Endpoint::Other},
    {"/v1/chat", Extent::Subtree, Owner::OpenAi, Endpoint::Other},
    {"/v1/images", Extent::Subtree, Owner::OpenAi, Endpoint::Other},
    {"/v1/audio", Extent::Subtree, Owner::OpenAi, Endpoint::Other},
    {"/v1/moderations", Extent::Exact, Owner::OpenAi, Endpoint::Other},
    {"/v1/batches", Extent::Subtree, Owner::OpenAi, Endpoint::Other},
    {"/v1/conversations", Extent::Subtree, Owner::OpenAi, Endpoint::Other},
    {"/v1/containers", Extent::Subtree, Owner::OpenAi, Endpoint::Other},
    {"/v1/vector_stores", Extent::Subtree, Owner::OpenAi, Endpoint::Other},
}};

bool matches(const Route& route, std::string_view path) {
  if (!path.starts_with(route.path)) return false;
  if (path.size() == route.path.size()) return true;
  if (path[route.path.size()] != '/') return false;
  return route.extent == Extent::Subtree || path.size() == route.path.size() + 1;
}

const Route* find_route(std::string_view path) {
  const auto found = std::find_if(kRoutes.begin(), kRoutes.end(), [&](const Route& route) { return matches(route, path); });
  return found == kRoutes.end() ? nullptr : &*found;
}

Dialect dialect_of(Owner owner, bool has_anthropic_version, std::optional<Dialect> only) {
  switch (owner) {
    case Owner::Anthropic: return Dialect::Anthropic;
    case Owner::OpenAi: return Dialect::OpenAi;
    case Owner::Both: break;
  }
  return has_anthropic_version ? Dialect::Anthropic : only.value_or(Dialect::OpenAi);
}

}  // namespace

std::string_view to_string(Dialect dialect) {
  switch (dialect) {
    case Dialect::Anthropic: return "anthropic";
    case Dialect::OpenAi: return "openai";
  }
  return "unknown";
}

std::string_view to_string(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::Messages: return "messages";
    case Endpoint::CountTokens: return "count_tokens";
    case Endpoint::MessageBatches: return "batches";
    case Endpoint::Files: return "files";
    case Endpoint::Models: return "models";
    case Endpoint::ChatCompletions: return "chat_completions";
    case Endpoint::Responses: return "responses";
    case Endpoint::Embeddings: return "embeddings";
    case Endpoint::Other: return "other";
  }
  return "unknown";
}

EndpointMatch match_endpoint(std::string_view path, bool has_anthropic_version, std::optional<Dialect> only) {
  const Route* const route = find_route(path);
  if (route == nullptr) return {has_anthropic_version ? Dialect::Anthropic : only.value_or(Dialect::Anthropic), Endpoint::Other};
  return {dialect_of(route->owner, has_anthropic_version, only), route->endpoint};
}

bool is_disguised(std::string_view path) {
  const Route* const read = find_route(path);
  if (read != nullptr && is_plain_path(path)) return false;
  const Route* const meant = find_route(plain_path(path));
  return meant != nullptr && meant != read;
}

namespace {

/// What providers keep for whoever made it.
constexpr std::array kCollections{std::string_view("/v1/files"),      std::string_view("/v1/messages/batches"),
                                  std::string_view("/v1/batches"),    std::string_view("/v1/conversations"),
                                  std::string_view("/v1/containers"), std::string_view("/v1/vector_stores")};

std::string_view named_below(std::string_view path, std::string_view collection) {
  if (!path.starts_with(collection) || path.size() == collection.size() || path[collection.size()] != '/') return {};
  path.remove_prefix(collection.size() + 1);
  return path.substr(0, path.find('/'));
}

}  // namespace

std::string_view named_object(std::string_view path) {
  if (!path.starts_with("/v1/")) return {};
  for (const std::string_view collection : kCollections) {
    if (const std::string_view id = named_below(path, collection); !id.empty()) return id;
  }
  return named_below(path, "/v1/responses");
}

bool makes_object(std::string_view path) {
  if (path.ends_with('/')) path.remove_suffix(1);
  return std::find(kCollections.begin(), kCollections.end(), path) != kCollections.end();
}

bool is_metered(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::Messages:
    case Endpoint::ChatCompletions:
    case Endpoint::Responses:
    case Endpoint::Embeddings: return true;
    case Endpoint::CountTokens:
    case Endpoint::MessageBatches:
    case Endpoint::Files:
    case Endpoint::Models:
    case Endpoint::Other: return false;
  }
  return false;
}

}  // namespace tidegate::llm
