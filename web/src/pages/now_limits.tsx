// SPDX-License-Identifier: Apache-2.0
// What is left of each limit now, and what may run out.
import { Band } from "../band";
import { Bar, Empty, Mark, Section, Table } from "../parts";
import { tightness } from "../series";
import { useLive, useWords } from "../state";
import { kLikely, useThresholds } from "../thresholds";
import { reasonTold } from "../told";
import type { Forecast, ForecastSeries, Limit, Pool } from "../types";

const kMostAhead = 12;
/** As the rule is shipped. */
const kTokensShare = 0.05;

/** The forecast of what is asked of one limit of a pool. */
function forecastOf(forecast: Forecast | null, pool: Pool, level: Limit): ForecastSeries | undefined {
  return forecast?.series.find(
    (one) => one.scope === "pool" && one.measure === level.dimension && one.name === `${pool.provider}/${pool.model_group}`,
  );
}

/** `pools`: how many there are of this provider and group of models; a forecast is of what is asked of all of them. */
function LimitRow({ pool, level, forecast, pools }: { pool: Pool; level: Limit; forecast: Forecast | null; pools: number }) {
  const { say, word, format, language } = useWords();
  const { requestsLeft, tokensLeft } = useThresholds();
  const left = level.remaining_now ?? level.remaining;
  if (left === undefined || !level.limit) return null;
  const used = Math.max(0, level.limit - left);
  const isTokens = level.dimension !== "requests";
  const short = isTokens ? left < tokensLeft || left < kTokensShare * level.limit : left < requestsLeft * level.limit;
  const end = level.seconds_to_exhaustion;
  const state = left <= 0 || (end !== undefined && end < 10 && short) ? "bad" : short ? "warn" : "good";
  const series = forecastOf(forecast, pool, level);
  const ahead = series?.exhaustion.find((one) => one.kind === "rate");
  return (
    <div class="limit">
      <div class="limit-head">
        <span>{word(level.dimension)}</span>
        <span>
          <b>{format.compact(left)}</b> <span class="soft">{say("now.left_of", { limit: format.compact(level.limit) })}</span>
        </span>
      </div>
      <Bar
        value={used / level.limit}
        mark={isTokens ? undefined : 1 - requestsLeft}
        state={state}
        label={say("now.used_of", { what: word(level.dimension), used: format.whole(used), limit: format.whole(level.limit) })}
      />
      <div class="limit-foot soft">
        <span>{say("now.used", { share: format.percent(used / level.limit, 0) })}</span>
        {state === "bad" || state === "warn" ? (
          <Mark state={state}>
            {end === undefined ? say("now.short") : end < 1 ? say("now.ends_now") : say("now.ends_in", { time: format.duration(end) })}
          </Mark>
        ) : (
          <span>{end === undefined ? say("now.no_end") : say("now.ends_in", { time: format.duration(end) })}</span>
        )}
      </div>
      {series && <Band series={series} limit={ahead?.capacity ?? level.limit} pools={pools} />}
      {ahead && ahead.probability >= kLikely && (
        <div class="limit-foot soft">
          <span title={(language !== "en" && reasonTold(ahead, say, format)) || ahead.reason}>
            {ahead.first_crossing_minutes === null
              ? say("now.forecast_calm", { share: format.percent(ahead.probability, 0) })
              : say("now.forecast_ends", {
                  share: format.percent(ahead.probability, 0),
                  time: format.duration(ahead.first_crossing_minutes * 60),
                })}
          </span>
        </div>
      )}
    </div>
  );
}

export function Pools({ forecast }: { forecast: Forecast | null }) {
  const { picture } = useLive();
  const { say, format } = useWords();
  if (!picture) return null;
  const pools = picture.limits
    .filter((pool) => pool.limits.some((level) => level.limit))
    .sort((a, b) => tightness(a) - tightness(b) || (a.pool + a.model_group).localeCompare(b.pool + b.model_group));
  if (pools.length === 0) return <Empty>{say("now.no_limits")}</Empty>;
  return (
    <div class="cards">
      {pools.map((pool) => {
        const isAlike = (one: { provider: string; model_group: string }) =>
          one.provider === pool.provider && one.model_group === pool.model_group;
        // Of each class of requests, and of each credential of a client, there is a room of its own.
        const rooms = picture.rooms.filter(isAlike);
        const waiting = rooms.reduce((sum, room) => sum + room.waiting_interactive + room.waiting_batch, 0);
        const flying = rooms.reduce((sum, room) => sum + room.in_flight, 0);
        const alike = pools.filter(isAlike).length;
        return (
          <article class="card" key={pool.pool + pool.model_group}>
            <h3>
              {pool.model_group}
              <small>
                {pool.pool}
                {pool.workspace && ` · ${pool.workspace}`}
              </small>
            </h3>
            {pool.limits.map((level) => (
              <LimitRow {...{ pool, level, forecast }} pools={alike} />
            ))}
            <p class="soft queue">
              {rooms.length > 0
                ? say(alike > 1 ? "now.queue_of" : "now.queue", {
                    waiting: format.whole(waiting),
                    flying: format.whole(flying),
                    pools: format.whole(alike),
                  })
                : say("now.quiet")}
            </p>
          </article>
        );
      })}
    </div>
  );
}

/** What may run out within the horizon, likeliest first. */
export function Ahead({ forecast }: { forecast: Forecast }) {
  const { say, word, format, language } = useWords();
  const limits = forecast.series
    .flatMap((series) => series.exhaustion.map((one) => ({ series, one })))
    .sort((a, b) => b.one.probability - a.one.probability);
  const likely = limits.filter(({ one }) => one.probability >= kLikely).slice(0, kMostAhead);
  const isEarly = forecast.series.length > 0 && forecast.series.every((one) => !one.has_enough_history);
  return (
    <Section title={say("now.ahead")} note={say("now.ahead_note", { time: format.duration(forecast.horizon_minutes * 60) })}>
      {likely.length === 0 ? (
        <Empty>{say(isEarly || forecast.series.length === 0 ? "now.ahead_early" : "now.ahead_calm")}</Empty>
      ) : (
        <Table
          caption={say("now.ahead")}
          rows={likely}
          columns={[
            {
              name: say("now.ahead_what"),
              isText: true,
              cell: ({ series }) => (series.scope === "all" ? say("cost.everything") : `${word(series.scope)} ${series.name}`),
            },
            { name: say("now.ahead_limit"), isText: true, cell: ({ one }) => word(one.limit) },
            {
              name: say("now.ahead_left"),
              cell: ({ series, one }) => (series.measure === "cost_usd" ? format.money : format.compact)(one.remaining),
            },
            {
              name: say("now.ahead_chance"),
              cell: ({ one }) => (
                <Mark state={one.probability >= 0.3 ? "bad" : one.probability >= 0.1 ? "warn" : "none"}>
                  {format.percent(one.probability, 0)}
                </Mark>
              ),
            },
            {
              name: say("now.ahead_first"),
              cell: ({ one }) => (one.first_crossing_minutes === null ? "–" : format.duration(one.first_crossing_minutes * 60)),
            },
            {
              name: say("now.ahead_reason"),
              isText: true,
              isLong: true,
              cell: ({ one }) => (language !== "en" && reasonTold(one, say, format)) || <span lang="en">{one.reason}</span>,
            },
          ]}
        />
      )}
    </Section>
  );
}
