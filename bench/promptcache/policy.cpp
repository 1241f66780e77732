// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "bench/promptcache/policy.h"

#include "caching/body_edit.h"
#include "llm/anthropic/request.h"

#include <array>

namespace tidegate::promptcache {

namespace {

caching::CachingOptions options_of(PolicyKind kind) {
  caching::CachingOptions options;
  options.enabled = caching::Injection::On;
  options.first_sight = kind != PolicyKind::Careful;
  if (kind == PolicyKind::Waiting) options.fan_out_wait = Seconds(5);
  return options;
}

}  // namespace

std::string_view to_string(PolicyKind kind) {
  switch (kind) {
    case PolicyKind::None: return "none";
    case PolicyKind::Static: return "static";
    case PolicyKind::Tidegate: return "tidegate";
    case PolicyKind::Careful: return "careful";
    case PolicyKind::Waiting: return "waiting";
  }
  return "";
}

Policy::Policy(PolicyKind kind, const sim::ModelInfo& model)
    : kind_(kind), model_(model.id), hasher_(20261126), advisor_(options_of(kind)) {
  terms_ = {.read = model.price.read / model.price.input,
            .write_5m = model.price.write_5m / model.price.input,
            .write_1h = model.price.write_1h / model.price.input,
            .minimum_tokens = caching::minimum_cached_tokens(model.id)};
}

Sent Policy::send(const std::string& body, SteadyTime now, caching::Asking asking) {
  if (kind_ == PolicyKind::None) return {body};
  const llm::RequestView view = llm::anthropic::read_request(body, layout_);
  if (caching::why_untouched(view, layout_, true, advisor_.options())) return {body};
  if (kind_ == PolicyKind::Static) {
    if (layout_.system.empty()) return {body};
    const std::array mark{
        caching::Mark{layout_.tools.size() + layout_.system.size() - 1, caching::Lifetime::FiveMinutes}};
    return {caching::BodyEdit(layout_, mark).apply(body)};
  }
  const caching::PrefixChain chain = hasher_.read(layout_, body, {"provider", model_, "", "team"});
  const caching::Advice advice = advisor_.advise(chain, terms_, now, asking);
  if (advice.wait) return {.body = body, .wait = advice.wait, .wait_for = advice.wait_for};
  return {.body = caching::BodyEdit(layout_, advice.plan.all()).apply(body), .advice = advice};
}

void Policy::begun(const Sent& sent) {
  if (sent.advice) advisor_.begun(*sent.advice);
}

void Policy::counted(const Sent& sent, const llm::TokenCounts& tokens) {
  if (sent.advice) advisor_.counted(*sent.advice, tokens);
}

bool Policy::has_begun(std::uint64_t key, SteadyTime now) { return advisor_.has_begun(key, now); }

}  // namespace tidegate::promptcache
