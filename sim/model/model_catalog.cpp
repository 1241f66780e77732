// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "sim/model/model_catalog.h"

#include <array>
#include <cmath>

namespace tidegate::sim {

namespace {

constexpr ModelPrice kFable52{8, 10, 16, 0.20, 40};
constexpr ModelPrice kFable51{10, 12.50, 20, 0.25, 50};
constexpr ModelPrice kFable5{10, 12.50, 20, 1.00, 50};
constexpr ModelPrice kOpus55{4, 5, 8, 0.20, 20};
constexpr ModelPrice kOpus{5, 6.25, 10, 0.50, 25};
constexpr ModelPrice kSonnet55{2, 2.50, 4, 0.10, 10};
constexpr ModelPrice kSonnet5{2, 2.50, 4, 0.20, 10};
constexpr ModelPrice kSonnet4{3, 3.75, 6, 0.30, 15};
constexpr ModelPrice kHaiku55{0.10, 0.125, 0.20, 0.01, 0.50};
constexpr ModelPrice kHaiku55Long{0.50, 0.625, 1.00, 0.05, 2.50};
constexpr ModelPrice kHaiku45{1, 1.25, 2, 0.10, 5};
constexpr ModelPrice kHaiku35{0.80, 1, 1.60, 0.08, 4};
// OpenAI's list prices were not researched: round figures, only so that cost is not zero.
constexpr ModelPrice kGpt{1.25, 1.25, 1.25, 0.125, 10};
constexpr ModelPrice kGptMini{0.40, 0.40, 0.40, 0.10, 1.60};
constexpr ModelPrice kEmbedding{0.02, 0.02, 0.02, 0.02, 0};

constexpr auto A = Vendor::Anthropic;
constexpr auto O = Vendor::OpenAi;

// id, vendor, group, smallest cached prefix, price, …
constexpr std::array kModels{
    ModelInfo{"claude-fable-5-2", A, "fable-5", 512, kFable52},
    ModelInfo{"claude-mythos-5-2", A, "mythos-5", 512, kFable52},
    ModelInfo{"claude-fable-5-1", A, "fable-5", 512, kFable51},
    ModelInfo{"claude-mythos-5-1", A, "mythos-5", 512, kFable51},
    ModelInfo{"claude-fable-5", A, "fable-5", 512, kFable5},
    ModelInfo{"claude-mythos-5", A, "mythos-5", 512, kFable5},
    ModelInfo{"claude-opus-5-5", A, "opus-5-5", 512, kOpus55},
    ModelInfo{"claude-sonnet-5-5", A, "sonnet-5-5", 1024, kSonnet55},
    ModelInfo{"claude-haiku-5-5", A, "haiku-5-5", 4096, kHaiku55, Era::Since47, false, kHaiku55Long},
    ModelInfo{"claude-opus-5", A, "opus-5", 512, kOpus},
    ModelInfo{"claude-sonnet-5", A, "sonnet-5", 1024, kSonnet5},
    ModelInfo{"claude-opus-4-8", A, "opus-4", 1024, kOpus},
    ModelInfo{"claude-opus-4-7", A, "opus-4", 2048, kOpus},
    ModelInfo{"claude-opus-4-6", A, "opus-4", 4096, kOpus, Era::Of46},
    ModelInfo{"claude-opus-4-5", A, "opus-4", 4096, kOpus, Era::UpTo45},
    ModelInfo{"claude-opus-4-5-20251101", A, "opus-4", 4096, kOpus, Era::UpTo45},
    ModelInfo{"claude-sonnet-4-6", A, "sonnet-4", 1024, kSonnet4, Era::Of46},
    ModelInfo{"claude-sonnet-4-5", A, "sonnet-4", 1024, kSonnet4, Era::UpTo45},
    ModelInfo{"claude-sonnet-4-5-20250929", A, "sonnet-4", 1024, kSonnet4, Era::UpTo45},
    ModelInfo{"claude-haiku-4-5", A, "haiku-4-5", 4096, kHaiku45, Era::UpTo45},
    ModelInfo{"claude-haiku-4-5-20251001", A, "haiku-4-5", 4096, kHaiku45, Era::UpTo45},
    ModelInfo{"claude-3-5-haiku", A, "haiku-3-5", 2048, kHaiku35, Era::UpTo45, true},
    ModelInfo{"gpt-5.1", O, "gpt-5", 1024, kGpt},
    ModelInfo{"gpt-4.1", O, "gpt-4.1", 1024, kGpt},
    ModelInfo{"gpt-4.1-mini", O, "gpt-4.1-mini", 1024, kGptMini},
    ModelInfo{"text-embedding-3-small", O, "embeddings", 1024, kEmbedding},
};

constexpr ModelInfo kOtherClaude{"claude", A, "other", 1024, kOpus, Era::UpTo45};  // unknown ids are not refused
constexpr ModelInfo kOtherOpenAi{"gpt", O, "other-openai", 1024, kGpt};

}  // namespace

std::span<const ModelInfo> known_models() { return kModels; }

const ModelInfo* find_model(std::string_view id) {
  for (const ModelInfo& model : kModels) {
    if (model.id == id) return &model;
  }
  return nullptr;
}

const ModelInfo* likely_model(std::string_view id) {
  if (id.starts_with("claude-") || id.starts_with("anthropic.")) return &kOtherClaude;
  for (std::string_view start : {"gpt-", "o1", "o3", "o4", "chatgpt-", "text-embedding-", "codex-"}) {
    if (id.starts_with(start)) return &kOtherOpenAi;
  }
  return nullptr;
}

Money cost_of(const ModelInfo& model, const CacheUsage& input, std::int64_t output_tokens) {
  const ModelPrice& price = model.above_100k && input.total() > 100'000 ? *model.above_100k : model.price;
  // A dollar a million is a thousand nano-dollars a token; every listed price times 1,000 is a whole number.
  const auto nano = [](double per_million, std::int64_t tokens) { return std::llround(per_million * 1000) * tokens; };
  return Money::nanodollars(nano(price.input, input.uncached) + nano(price.read, input.read) + nano(price.write_5m, input.written_5m) +
                            nano(price.write_1h, input.written_1h) + nano(price.output, output_tokens));
}

}  // namespace tidegate::sim
