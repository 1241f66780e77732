#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the dashboards of deploy/grafana from the tables below.

    tools/grafana_dashboards.py            writes them
    tools/grafana_dashboards.py --check    exit 1 if a file is not what this would write
"""
import json
import sys
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).resolve().parents[1] / "deploy" / "grafana"
SOURCE = {"type": "prometheus", "uid": "tidegate-prometheus"}  # provisioning/datasources/prometheus.yaml
GREEN, AMBER, RED = "green", "orange", "red"
SHADOW_OFF = "no copy was sent; docs/shadow.md says how to"
FAILED = 'status=~"429|5.."'


class Panel(NamedTuple):
    title: str
    queries: list[tuple[str, str]]  # expression, legend
    unit: str = "short"
    kind: str = "timeseries"        # or stat, bargauge, table
    width: int = 12                 # of 24
    height: int = 8
    about: str = ""
    thresholds: tuple = ()          # (from, colour) …, the first from None
    every: str = "10s"              # shortest step: a figure that changes slowly is not asked for more often
    most: float | None = None
    stacked: bool = False
    empty: str = ""                 # what stands there where there is nothing to show


class Dashboard(NamedTuple):
    title: str
    about: str
    panels: list[Panel]
    refresh: str = "10s"
    since: str = "1h"


def or_none(expression: str, label: str) -> str:
    """0 under the name 'none' where there is nothing: a panel of what should not be shows that it looked."""
    return f'{expression} or label_replace(vector(0), "{label}", "none", "", "") unless on () ({expression})'


TOKENS = 'dimension=~"(input_|output_)?tokens"'


def quantile(share: str, metric: str, by: str) -> str:
    return f"histogram_quantile({share}, sum by ({by}, le) (rate({metric}_bucket[$__rate_interval])))"


DASHBOARDS = {
    "overview": Dashboard("Tidegate overview", "Four figures, their thresholds, and what stands behind them", [
        Panel("Requests remaining", [('min by (pool, model_group) (tidegate_pool_remaining{dimension="requests"} '
                                      '/ (tidegate_pool_limit{dimension="requests"} > 0))', "{{pool}} {{model_group}}")],
              "percentunit", "bargauge", about="Share of its requests per minute that each pool has left, each 10 s. Alert below 20 %.",
              thresholds=((None, RED), (0.2, AMBER), (0.4, GREEN)), most=1),
        Panel("Tokens remaining", [(f"min by (pool, model_group, dimension) (tidegate_pool_remaining{{{TOKENS}}})", "{{pool}} {{model_group}} {{dimension}}")],
              "short", "bargauge", about="Tokens that each pool has left, each 10 s. Alert below 1,000, or a twentieth of the limit.",
              thresholds=((None, RED), (1000, AMBER), (5000, GREEN))),
        Panel("Cost today, of the daily budget", [('max by (tenant, unit) (tidegate_budget_spent{period="day"} / (tidegate_budget_limit{period="day"} > 0))',
                                                   "{{tenant}} ({{unit}})")],
              "percentunit", "bargauge", about="What each daily budget has spent, each 60 s. Alert at 80 %. Budgets: docs/tenants.md.",
              thresholds=((None, GREEN), (0.6, AMBER), (0.8, RED)), every="60s", most=1, empty="no daily budget (docs/tenants.md)"),
        Panel("Success rate", [(f"1 - (sum(rate(claude_req_total{{{FAILED}}}[5m])) or vector(0)) / sum(rate(claude_req_total[5m]))", "of 5 minutes")],
              "percentunit", "stat", about="Share of the last five minutes' requests that went well, each 30 s; other 4xx are the clients' own. Alert below 99 %.",
              thresholds=((None, RED), (0.99, AMBER), (0.995, GREEN)), every="30s", most=1),
        Panel("Requests by status", [("sum by (status) (rate(claude_req_total[$__rate_interval]))", "{{status}}")], "reqps", stacked=True),
        Panel("Tokens per minute", [("sum by (kind) (rate(tidegate_tokens_total[$__rate_interval])) * 60", "{{kind}}")], stacked=True),
        Panel("Cost per hour", [("sum by (model) (rate(tidegate_cost_dollars_total[5m])) * 3600", "{{model}}")], "currencyUSD", every="60s", stacked=True),
        Panel("Waiting now", [("sum by (model_group, priority) (tidegate_queued_requests)", "{{model_group}} {{priority}}")]),
        Panel("Alerts firing", [(or_none('sum by (alertname) (ALERTS{alertstate="firing"})', "alertname"), "{{alertname}}")], kind="stat", width=24, height=5),
    ]),
    "pools": Dashboard("Tidegate pools", "What each organisation's limits are, what is left, and who waits", [
        Panel("Requests remaining", [('tidegate_pool_remaining{dimension="requests"}', "{{pool}} {{model_group}}"),
                                     ('tidegate_pool_limit{dimension="requests"} * 0.2', "20 % of {{pool}} {{model_group}}")]),
        Panel("Tokens remaining", [(f"tidegate_pool_remaining{{{TOKENS}}}", "{{pool}} {{model_group}} {{dimension}}")]),
        Panel("Share remaining", [("tidegate_pool_remaining / (tidegate_pool_limit > 0)", "{{pool}} {{model_group}} {{dimension}}")], "percentunit", most=1),
        Panel("Time to exhaustion", [("min by (pool, model_group) (tidegate_pool_seconds_to_exhaustion)", "{{pool}} {{model_group}}")], "s",
              about="At the present rate of use. A pool that fills or stays level has none.", empty="no end in sight"),
        Panel("Limits as told", [("tidegate_pool_limit", "{{pool}} {{model_group}} {{dimension}}")], width=24,
              about="A step is a provider that changed a limit."),
        Panel("Probability of exhaustion within 30 minutes", [("max by (scope, name, limit) (tidegate_forecast_exhaustion_probability)",
                                                               "{{scope}} {{name}} {{limit}}")], "percentunit", most=1),
        Panel("Keys", [("sum by (provider, state) (tidegate_provider_keys)", "{{provider}} {{state}}")]),
        Panel("Waiting", [("tidegate_queued_requests", "{{provider}} {{model_group}} {{priority}}")], stacked=True),
        Panel("In flight at providers", [("tidegate_room_in_flight_requests", "{{provider}} {{model_group}}")], stacked=True),
        Panel("Refused for lack of room", [(or_none("sum by (obstacle) (rate(tidegate_capacity_refusals_total[5m])) * 60", "obstacle"), "{{obstacle}}")], width=24,
              about="Per minute, by what stood in the way."),
    ]),
    "cost": Dashboard("Tidegate cost", "Dollars and tokens, by model, provider and tenant", [
        Panel("Dollars in this range", [("sum(increase(tidegate_cost_dollars_total[$__range]))", "")], "currencyUSD", "stat", width=8, height=5, every="60s"),
        Panel("Dollars per hour, now", [("sum(rate(tidegate_cost_dollars_total[5m])) * 3600", "")], "currencyUSD", "stat", width=8, height=5, every="60s"),
        Panel("Dollars per 1,000 requests", [("1000 * sum(rate(tidegate_cost_dollars_total[5m])) / sum(rate(claude_req_total[5m]))", "")],
              "currencyUSD", "stat", width=8, height=5, every="60s"),
        Panel("Per hour by model", [("sum by (model) (rate(tidegate_cost_dollars_total[5m])) * 3600", "{{model}}")], "currencyUSD", every="60s", stacked=True),
        Panel("Per hour by tenant", [("sum by (tenant) (rate(tidegate_cost_dollars_total[5m])) * 3600", "{{tenant}}")], "currencyUSD", every="60s", stacked=True),
        Panel("Per hour by provider", [("sum by (provider) (rate(tidegate_cost_dollars_total[5m])) * 3600", "{{provider}}")], "currencyUSD", every="60s", stacked=True),
        Panel("Input from the cache", [('sum by (model) (rate(tidegate_tokens_total{kind="cache_read"}[5m])) '
                                        '/ sum by (model) (rate(tidegate_tokens_total{kind=~"input|cache_.*"}[5m]))', "{{model}}")], "percentunit", most=1),
        Panel("Budgets", [("tidegate_budget_spent / (tidegate_budget_limit > 0)", "{{tenant}} {{period}} ({{unit}})")], "percentunit", every="60s", empty="no budget (docs/tenants.md)"),
        Panel("Left at providers", [("min by (provider, currency) (tidegate_provider_balance)", "{{provider}} {{currency}}")], every="60s",
              about="Where `balance:` is configured (docs/routing.md).", empty="no provider is asked for its balance (docs/routing.md)"),
        Panel("Requests without a price", [(or_none("sum by (model) (increase(tidegate_price_unknown_total[1h]))", "model"), "{{model}}")], width=24, height=6),
    ], refresh="1m", since="24h"),
    "latency": Dashboard("Tidegate latency", "How long clients wait, and for what", [
        Panel("To the first token, median", [(quantile("0.5", "tidegate_time_to_first_token_seconds", "provider, model"), "{{provider}} {{model}}")], "s"),
        Panel("To the first token, 95 %", [(quantile("0.95", "tidegate_time_to_first_token_seconds", "provider, model"), "{{provider}} {{model}}")], "s"),
        Panel("Whole request, 95 %", [(quantile("0.95", "tidegate_request_duration_seconds", "endpoint, model"), "{{endpoint}} {{model}}")], "s"),
        Panel("Waiting for the turn, 95 %", [(quantile("0.95", "tidegate_queue_wait_seconds", "provider, priority"), "{{provider}} {{priority}}")], "s"),
        Panel("Added before the first byte", [(quantile("0.5", "tidegate_overhead_seconds", "job"), "median"),
                                              (quantile("0.99", "tidegate_overhead_seconds", "job"), "99 %")], "s"),
        Panel("Output tokens per second of an operation",
              [('sum by (gen_ai_response_model) (rate(gen_ai_client_token_usage_sum{gen_ai_token_type="output"}[5m])) '
                "/ sum by (gen_ai_response_model) (rate(gen_ai_client_operation_duration_seconds_sum[5m]))", "{{gen_ai_response_model}}")]),
        Panel("Attempts that failed", [(or_none("sum by (provider, kind) (rate(tidegate_upstream_errors_total[5m])) * 60", "kind"), "{{provider}} {{kind}}")],
              width=24, about="Per minute."),
    ]),
    "shadow": Dashboard("Tidegate shadow", "Copies that a second provider answers: could it take over?", [
        Panel("Copies", [("sum by (provider, outcome) (rate(tidegate_shadow_requests_total[5m])) * 60", "{{provider}} {{outcome}}")], stacked=True,
              about="Per minute.", empty=SHADOW_OFF),
        Panel("Good copies", [('sum by (provider) (rate(tidegate_shadow_requests_total{outcome="good"}[30m])) '
                               "/ sum by (provider) (rate(tidegate_shadow_requests_total[30m]))", "{{provider}}")], "percentunit", most=1,
              thresholds=((None, RED), (0.9, AMBER), (0.98, GREEN)), empty=SHADOW_OFF),
        Panel("Drawn and not copied", [(or_none("sum by (reason) (rate(tidegate_shadow_not_sent_total[5m])) * 60", "reason"), "{{reason}}")], about="Per minute."),
        Panel("Cost of copies per hour", [("sum by (provider) (rate(tidegate_shadow_cost_dollars_total[5m])) * 3600", "{{provider}}")], "currencyUSD", every="60s", empty=SHADOW_OFF),
        Panel("Pairs missing in the report", [("sum(increase(tidegate_shadow_dropped_total[1h])) or vector(0)", "dropped")], kind="stat", width=24, height=5),
    ], since="6h"),
    "gateway": Dashboard("Tidegate itself", "The gateway's own health", [
        Panel("Up", [('up{job="tidegate"}', "{{instance}}")], kind="stat", width=6, height=5, thresholds=((None, RED), (1, GREEN))),
        Panel("Version", [("max by (version, commit) (tidegate_build_info)", "{{version}} {{commit}}")], kind="stat", width=6, height=5),
        Panel("Running for", [('time() - max(process_start_time_seconds{job="tidegate"})', "")], "s", "stat", width=6, height=5),
        Panel("Certificate expires in", [("min(tidegate_certificate_expiry_timestamp_seconds) - time()", "")], "s", "stat", width=6, height=5,
              thresholds=((None, RED), (14 * 86400, GREEN)), empty="serves without TLS"),
        Panel("Requests and connections", [("tidegate_in_flight_requests", "in flight"), ("tidegate_connections_open", "connections, {{side}}")]),
        Panel("CPU", [('rate(process_cpu_seconds_total{job="tidegate"}[$__rate_interval])', "cores")]),
        Panel("Memory", [('process_resident_memory_bytes{job="tidegate"}', "resident"), ("tidegate_body_memory_bytes", "request bodies")], "bytes"),
        Panel("Added before the first byte, 99 %", [(quantile("0.99", "tidegate_overhead_seconds", "job"), "99 %")], "s"),
        Panel("Ledger", [("rate(tidegate_ledger_appended_total[$__rate_interval])", "appended a second"),
                         ("rate(tidegate_ledger_drained_total[$__rate_interval])", "moved to the database a second"),
                         ("tidegate_ledger_undrained", "not there yet")]),
        Panel("Journal", [("tidegate_ledger_journal_bytes", "size")], "bytes"),
        Panel("Trouble", [("increase(tidegate_ledger_errors_total[5m])", "ledger errors"), ("increase(tidegate_ledger_unrecorded_total[5m])", "records lost"),
                          ("increase(tidegate_log_lines_dropped_total[5m])", "log lines dropped"),
                          ('increase(tidegate_config_reloads_total{result="rejected"}[5m])', "configurations rejected"),
                          ("sum(increase(tidegate_metrics_label_overflow_total[5m])) or vector(0)", "label sets beyond the cap")],
              about="All of it should be 0."),
        Panel("Connections opened to providers", [("sum by (provider) (rate(tidegate_upstream_connections_opened_total[5m]))", "{{provider}}"),
                                                  ("rate(tidegate_stale_socket_replays_total[5m])", "sent again on a fresh one")]),
    ]),
}


def field_options(panel: Panel) -> dict:
    steps = [{"value": start, "color": colour} for start, colour in panel.thresholds or ((None, GREEN),)]
    defaults = {"unit": panel.unit, "min": 0, "color": {"mode": "thresholds" if panel.kind != "timeseries" else "palette-classic"},
                "thresholds": {"mode": "absolute", "steps": steps}}
    if panel.empty:
        defaults["noValue"] = panel.empty
    if panel.most is not None:
        defaults["max"] = panel.most
    if panel.kind == "timeseries":
        defaults["custom"] = {"fillOpacity": 20 if panel.stacked else 0, "lineWidth": 1, "stacking": {"mode": "normal" if panel.stacked else "none"},
                              "thresholdsStyle": {"mode": "line" if panel.thresholds else "off"}}
    return {"defaults": defaults, "overrides": []}


def options_of(panel: Panel) -> dict:
    reduce = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    match panel.kind:
        case "stat":
            return {"reduceOptions": reduce, "colorMode": "value", "graphMode": "area", "textMode": "auto"}
        case "bargauge":
            return {"reduceOptions": reduce, "orientation": "horizontal", "displayMode": "basic", "showUnfilled": True}
        case _:
            return {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}}


def render_panel(number: int, panel: Panel, x: int, y: int) -> dict:
    targets = [{"refId": chr(ord("A") + place), "datasource": SOURCE, "expr": expression, "legendFormat": legend,
                "instant": panel.kind != "timeseries", "range": panel.kind == "timeseries"}
               for place, (expression, legend) in enumerate(panel.queries)]
    return {"id": number, "type": panel.kind, "title": panel.title, "description": panel.about, "datasource": SOURCE, "interval": panel.every,
            "gridPos": {"x": x, "y": y, "w": panel.width, "h": panel.height}, "targets": targets, "fieldConfig": field_options(panel),
            "options": options_of(panel)}


def render(name: str, dashboard: Dashboard) -> str:
    panels, x, y, tallest = [], 0, 0, 0
    for number, panel in enumerate(dashboard.panels, 1):
        if x + panel.width > 24:
            x, y, tallest = 0, y + tallest, 0
        panels.append(render_panel(number, panel, x, y))
        x, tallest = x + panel.width, max(tallest, panel.height)
    return json.dumps({"uid": f"tidegate-{name}", "title": dashboard.title, "description": dashboard.about, "tags": ["tidegate"], "editable": False,
                       "schemaVersion": 38, "version": 1, "refresh": dashboard.refresh, "time": {"from": f"now-{dashboard.since}", "to": "now"},
                       "timezone": "browser", "graphTooltip": 1, "templating": {"list": []},
                       "links": [{"type": "dashboards", "title": "Tidegate", "tags": ["tidegate"], "asDropdown": False, "keepTime": True}],
                       "panels": panels}, indent=1) + "\n"


def main() -> int:
    stale = []
    for name, dashboard in DASHBOARDS.items():
        file = FOLDER / f"{name}.json"
        text = render(name, dashboard)
        if "--check" not in sys.argv:
            file.write_text(text)
        elif not file.is_file() or file.read_text() != text:
            stale.append(str(file))
    for file in stale:
        print(f"{file} is not what tools/grafana_dashboards.py writes; run it", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
