// SPDX-License-Identifier: Apache-2.0
// What the admin API answers (docs/openapi.yaml), as far as the page reads it. Amounts of money are exact decimal strings.

export interface Status {
  version: string;
  commit: string;
  started_at: string;
  now: string;
  uptime_seconds: number;
  listen: string;
  auth: string;
  providers: string[];
  workers: number;
  open_connections: number;
  body_memory_bytes: number;
  body_memory_limit_bytes: number;
  unseen_requests: number;
  /** Of providers that tell what is left of the money there. */
  balances?: {
    provider: string;
    state: "pending" | "good" | "low" | "unknown";
    warn_below: string;
    amounts?: { currency: string; left: string }[];
    is_unlimited?: boolean;
    is_usable?: boolean;
    read_at?: string;
    trouble?: string;
  }[];
  ledger: { undrained: number; open_attempts: number; drained: number; not_recorded: number; failures: number; last_error?: string };
}
export interface Use {
  requests: number;
  errors: number;
  errors_by_kind: Record<string, number>;
  input_tokens: number;
  output_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  tokens: number;
  cost_usd: string;
}
export interface UseLine extends Use {
  value: string;
  is_rest: boolean;
}
export interface Limit {
  dimension: string;
  limit?: number;
  remaining?: number;
  remaining_now?: number;
  full_after_seconds?: number;
  seconds_to_exhaustion?: number;
  read_at: string;
}
export interface Pool {
  pool: string;
  provider: string;
  organisation: string;
  workspace: string;
  model_group: string;
  keys: string[];
  limits: Limit[];
}
export interface RoomLevel {
  dimension: string;
  limit: number;
  level: number;
  full_after_seconds?: number;
  foreign_per_minute?: number;
}
export interface RoomPool {
  pool: string;
  keys: string[];
  levels: RoomLevel[];
  periods?: { limit_of: string; limit: number; level: number }[];
  in_flight: number;
  concurrency?: number;
  blocked_seconds?: number;
  is_learned: boolean;
  is_spent: boolean;
}
export interface Room {
  provider: string;
  model_group: string;
  class?: string;
  credential?: string;
  waiting_interactive: number;
  waiting_batch: number;
  in_flight: number;
  obstacle?: string;
  pools: RoomPool[];
}
export interface ProviderKey {
  name: string;
  pool: string;
  is_known: boolean;
  keys_of_pool: number;
  in_rotation: boolean;
  draining: boolean;
  fault?: string;
  back_in_seconds?: number;
  out_for?: string[];
}
export interface ProviderKeys {
  provider: string;
  keys: ProviderKey[];
  more?: number;
}
export interface Alarm {
  kind: string;
  subject: string;
  severity: "warning" | "critical";
  message: string;
  since: string;
}
export interface Picture {
  status: Status;
  use: { window_seconds: number; totals?: Use; by: Record<string, UseLine[]> };
  limits: Pool[];
  rooms: Room[];
  provider_keys: ProviderKeys[];
  alarms: Alarm[];
  /** Those that fire and pass on none of the alarms, the worst first. */
  alerts: Alert[];
  actions: Action[];
}

export interface CostRow {
  requests: number;
  attempts: number;
  errors: number;
  refused: number;
  interrupted: number;
  input_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  output_tokens: number;
  cost_usd: string;
  estimated_usd: string;
  price_unknown: number;
  [dimension: string]: string | number;
}
export interface Cost {
  rows: CostRow[];
  total_usd: string;
}
export interface Saving {
  model: string;
  tenant: string;
  is_dry_run: boolean;
  requests: number;
  marked: number;
  tokens_read: number;
  tokens_written_5m: number;
  tokens_written_1h: number;
  saved_usd: string;
  quota_tokens: number;
}

export interface Savings {
  prompt_cache: Saving[];
  /** Whole answers given again; absent where the program cannot, null where it does not. */
  response_cache?: { hits: number; joined: number; misses: number; entries: number; bytes: number; saved_usd: string } | null;
}

export interface Budget {
  budget: string;
  period?: string;
  unit?: "usd" | "tokens";
  is_hard?: boolean;
  warn_percent?: number;
  limit?: string | number;
  spent?: string | number;
  left?: string | number;
  resets_at?: string;
}
export interface Tenant {
  id: string;
  name: string;
  budgets: Budget[];
  in_flight?: number;
  requests_per_minute?: number;
  tokens_per_minute?: number;
}
export interface Key extends Tenant {
  tenant: string;
  state: "valid" | "expired" | "revoked";
  created_at: string;
  expires_at?: string;
  allowed_models: string[];
  labels: Record<string, string>;
}

export interface Estimate {
  value: number;
  low: number;
  high: number;
  count: number;
}
export interface PairedFigure {
  official: number;
  shadow: number;
  difference: Estimate;
}
export interface ShadowSide {
  errors: Record<string, number>;
  cost_usd: string;
  success?: Estimate;
  valid_tool_calls?: Estimate;
}
export interface ShadowReport {
  official_provider: string;
  shadow_provider: string;
  model?: string;
  pairs: number;
  conversations: number;
  both_ok: number;
  verdict: { kind: "too_few" | "usable" | "not_usable"; text: string };
  official: ShadowSide;
  shadow: ShadowSide;
  success_difference?: Estimate;
  time_to_first_token_ms?: PairedFigure;
  total_time_ms?: PairedFigure;
  tokens_per_second?: PairedFigure;
  length_ratio?: Estimate;
  cost_ratio?: Estimate;
  same_stop_reason?: Estimate;
  same_tool_use?: Estimate;
}
export interface Shadow {
  is_on: boolean;
  options: {
    provider: string;
    share: number;
    by: string;
    max_concurrent: number;
    max_per_minute: number;
    budget_usd: string;
    min_headroom: number;
  };
  running: number;
  sent: number;
  answered: { provider: string; good: number; failed: number; cost_usd: string }[];
  not_sent: Record<string, number>;
  dropped: number;
  spent_today_usd: string;
  reports: ShadowReport[];
}

/** One attempt, as the ledger keeps it. */
export interface Entry {
  id: string;
  request_id: string;
  started_at: string;
  kind: string;
  state: string;
  attempt: number;
  stream: boolean;
  dialect: string;
  endpoint: string;
  provider: string;
  pool: string;
  model: string;
  response_model?: string;
  tenant: string;
  key: string;
  user?: string;
  session?: string;
  agent?: string;
  status: number;
  upstream_status: number;
  error_kind?: string;
  stop_reason?: string;
  upstream_request_id?: string;
  organisation?: string;
  service_tier?: string;
  input_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  output_tokens: number;
  cost_usd: string;
  is_estimated: boolean;
  queue_wait_ms: number;
  time_to_first_byte_ms: number;
  duration_ms: number;
  request_bytes: number;
  response_bytes: number;
}

export interface LevelSeries {
  pool: string;
  model_group: string;
  dimension: string;
  limit?: number;
  /** Since when, and the limit from then on; oldest first. */
  limits?: [number, number][];
  points: [number, number][];
}
export interface Levels {
  every_seconds: number;
  series: LevelSeries[];
}

export interface Exhaustion {
  limit: string;
  kind: "rate" | "budget";
  capacity: number;
  remaining: number;
  probability: number;
  first_crossing_minutes: number | null;
  reason: string;
  /** Shares of the limit; of rates alone. */
  parts?: { level: number; momentum: number; usual_change: number; pull: number; unrest: number };
}
export interface ForecastSeries {
  scope: "all" | "pool" | "model" | "tenant" | "key";
  name: string;
  measure: "requests" | "input_tokens" | "output_tokens" | "cost_usd" | "tokens";
  has_enough_history: boolean;
  now: number;
  recent: number[];
  points: { minutes: number; p10: number; p50: number; p90: number }[];
  exhaustion: Exhaustion[];
}
export interface Forecast {
  at: string;
  horizon_minutes: number;
  series: ForecastSeries[];
}

export interface Alert {
  id: string;
  rule: string;
  severity: "info" | "warning" | "critical";
  subject: string;
  state: "pending" | "firing" | "resolved";
  since: string;
  value?: number;
  threshold?: number;
  summary: string;
  runbook?: string;
  acknowledged_by?: string | null;
  silenced_until?: string | null;
  actions?: { name: string; state: string; detail: string }[];
}
/** A configured action, and how it stands. */
export interface Action {
  name: string;
  kind: string;
  state:
    | "idle"
    | "triggered"
    | "running"
    | "retrying"
    | "done"
    | "failed"
    | "returned"
    | "dry_run"
    | "cooling_down"
    | "limit_reached";
  detail: string;
  /** Id of the alert that it acts, acted or would act on. */
  alert: string | null;
  /** What is in place. */
  incident: string | null;
  by: string | null;
  since: string | null;
  runs_today: number;
  max_per_day: number;
}
export interface AlertStep {
  at: string;
  id: string;
  rule: string;
  subject: string;
  severity?: "info" | "warning" | "critical";
  /** Since when it was bad. */
  began_at?: string;
  acknowledged_by?: string | null;
  from: string;
  to: string;
  value?: number;
  threshold?: number;
  summary: string;
}
export interface LimitChange {
  at: string;
  pool: string;
  model_group: string;
  dimension: string;
  before: number;
  after: number;
}
export interface Rule {
  name: string;
  description: string;
  every_seconds: number;
  for_seconds: number;
  threshold?: number;
  severity: string;
  enabled: boolean;
}
export interface Alerts {
  alerts: Alert[];
  history: AlertStep[];
  limit_changes?: LimitChange[];
  rules: Rule[];
  dead_letters?: unknown[];
}

export interface BilledRow {
  provider: string;
  currency: string;
  covered_seconds: number;
  billed: number;
  ours: number | null;
  top_ups: number;
  /** Since, until (Unix seconds), billed (null: topped up), ours. */
  spans: [number, number, number | null, number | null][];
}
export interface Billed {
  providers: BilledRow[];
}
