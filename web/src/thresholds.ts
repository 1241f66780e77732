// SPDX-License-Identifier: Apache-2.0
// The thresholds that the alert rules have by default (docs/dashboard.md).
export const kRequestsLeft = 0.2;
export const kTokensLeft = 1000;
export const kBudget = 0.8;
export const kSuccess = 0.99;
/** From which chance on the forecast is worth a line. */
export const kLikely = 0.01;
