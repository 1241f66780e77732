// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Tidegate authors
#include "gateway/consequence.h"

#include <gtest/gtest.h>

namespace tidegate::gateway {
namespace {

using llm::UpstreamErrorKind;
using quota::KeyRing;
using quota::RefusalKind;

TEST(Consequence, AWorkspacesOwnSpendLimitIsTheKeysMatterAndAnOrganisationsThePools) {
  llm::UpstreamError error{.kind = UpstreamErrorKind::OwnSpendLimit, .type = "invalid_request_error", .code = {},
                           .message = "You have reached your specified workspace API usage limits. You will regain access on 2026-12-01 at 00:00 UTC."};
  EXPECT_EQ(consequence_of(error).refusal, RefusalKind::Key);
  EXPECT_EQ(consequence_of(error).fault, KeyRing::Fault::Billing);
  error.message = "You have reached your specified API usage limits.";
  EXPECT_EQ(consequence_of(error).refusal, RefusalKind::SpendCap);
  EXPECT_FALSE(consequence_of(error).fault);
}

TEST(Consequence, WhatIsTheRequestsOwnFaultIsNotTriedAgain) {
  EXPECT_FALSE(consequence_of(UpstreamErrorKind::InvalidRequest).refusal);
  EXPECT_FALSE(consequence_of(llm::UpstreamError{.kind = UpstreamErrorKind::NotFound, .type = {}, .code = {}, .message = "workspace"}).refusal);
  EXPECT_EQ(consequence_of(UpstreamErrorKind::Timeout).refusal, RefusalKind::Overloaded);
}

}  // namespace
}  // namespace tidegate::gateway
