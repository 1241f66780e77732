// SPDX-License-Identifier: Apache-2.0
// What the alert rules look at: as they are in force, or as they are shipped (docs/dashboard.md).
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Rule } from "./types";

/** From which chance on the forecast is worth a line. */
export const kLikely = 0.01;

export interface Thresholds {
  /** Shares. */
  requestsLeft: number;
  budget: number;
  success: number;
  tokensLeft: number;
  /** Dollars for everything together; 0: there is none. */
  dailyBudget: number;
}
export const kShipped: Thresholds = { requestsLeft: 0.2, budget: 0.8, success: 0.99, tokensLeft: 1000, dailyBudget: 0 };

/** `budget`: what `alerts.daily_budget` of the configuration holds. */
export function thresholdsOf(rules: Rule[], budget: unknown): Thresholds {
  const of = (name: string, shipped: number) => rules.find((rule) => rule.name === name)?.threshold ?? shipped;
  return {
    requestsLeft: of("requests_remaining_low", kShipped.requestsLeft),
    tokensLeft: of("tokens_remaining_low", kShipped.tokensLeft),
    budget: of("daily_cost_high", kShipped.budget),
    success: of("success_rate_low", kShipped.success),
    dailyBudget: Number(budget) || 0,
  };
}

export const ThresholdsContext = createContext<Thresholds>(kShipped);
export const useThresholds = () => useContext(ThresholdsContext);
