import * as z from "zod";
import { duration, key, percent, whole } from "./leaves.ts";

const sustained = (text: string, fallback: string) =>
  duration({ min: "1s", max: "24h" }, { what: text, fallback }).optional();

const errorRateLimit = percent({
  what: "Share of failed requests (5xx) that is still allowed.",
  fallback: "1%",
});
const p95Limit = duration(
  { min: "1ms", max: "1h", millis: true },
  { what: "95th percentile of the duration that is still allowed.", fallback: "1000ms" },
);
const exceptionsLimit = whole(
  { min: 0, max: 1_000_000 },
  { what: "Exceptions of the candidate that are still allowed: a literal count.", fallback: "10" },
);

/** A limit that may be written alone, or with how long it is looked at. */
function limit<L extends z.ZodType, F extends z.ZodType>(options: {
  readonly what: string;
  readonly short: L;
  readonly full: F;
  readonly hint: string;
}) {
  return key(z.union([options.short, options.full]), {
    what: options.what,
    rule: "a limit, or an object with it",
    hint: options.hint,
  });
}

/** A limit of a level, alone or with how long every sample must be above it. */
function level<L extends z.ZodType>(options: {
  readonly what: string;
  readonly short: L;
  readonly lasts: string;
  readonly hint: string;
}) {
  const { what, short, hint, lasts } = options;
  const full = z.strictObject({
    limit: short.optional(),
    for: sustained("How long every sample must be above it.", lasts),
  });
  return limit({ what, short, full, hint });
}

const evidence = z.strictObject({
  odds: whole(
    { min: 3, max: 1_000_000 },
    {
      what: "Odds to one at which it reverts; a healthy rollout reaches them once in as many.",
      fallback: "20",
    },
  ).optional(),
  tolerance: key(z.number().min(1).max(100), {
    what: "How many times stable's share of bad requests the candidate may have.",
    rule: "a number from 1 to 100",
    hint: "Write 1.5.",
    fallback: "1.5",
  }).optional(),
  noise: key(z.number().min(0).max(10), {
    what: "Standard deviation per minute of the logarithm of their ratio that is mere noise.",
    rule: "a number from 0 to 10",
    hint: "Write 0.5; 0 only where requests are independent.",
    fallback: "0.5",
  }).optional(),
});

/** The triggers that revert, and the evidence beside them. */
export const gatesSchema = z.strictObject({
  errorRate: limit({
    what: "Trigger on the share of failed requests.",
    short: errorRateLimit,
    full: z.strictObject({
      limit: errorRateLimit.optional(),
      for: sustained("How long it must be breached, a whole number of windows.", "2m"),
    }),
    hint: 'Write "1%", or { limit: "1%", for: 2m }.',
  }).optional(),
  p95: limit({
    what: "Trigger on latency.",
    short: p95Limit,
    full: z.strictObject({
      limit: p95Limit.optional(),
      for: sustained("How long it must be breached, a whole number of windows.", "5m"),
    }),
    hint: 'Write "1000ms", or { limit: 1000ms, for: 5m }.',
  }).optional(),
  exceptions: limit({
    what: "Trigger on exceptions.",
    short: exceptionsLimit,
    full: z.strictObject({
      limit: exceptionsLimit.optional(),
      window: sustained("The sliding window in which they are counted.", "15m"),
    }),
    hint: "Write 10, or { limit: 10, window: 15m }.",
  }).optional(),
  health: z
    .strictObject({
      tries: whole(
        { min: 1, max: 10 },
        { what: "Tries in one probe; all must fail.", fallback: "3" },
      ).optional(),
      timeout: duration({ min: "1s", max: "1m" }, { what: "Time-out of a try.", fallback: "5s" }).optional(),
    })
    .optional(),
  dbPool: level({
    what: "Trigger on the database connection pool, in percent of it.",
    short: percent({ what: "How full the pool may be.", fallback: "90%" }),
    lasts: "3m",
    hint: 'Write "90%", or { limit: "90%", for: 3m }.',
  }).optional(),
  queue: level({
    what: "Trigger on the backlog of the event queue, in messages.",
    short: whole({ min: 0, max: 1_000_000_000 }, { what: "How many messages may wait.", fallback: "10000" }),
    lasts: "5m",
    hint: "Write 10000, or { limit: 10000, for: 5m }.",
  }).optional(),
  memory: level({
    what: "Trigger on the memory of the containers, in percent of their limit.",
    short: percent({ what: "How full the memory may be.", fallback: "90%" }),
    lasts: "3m",
    hint: 'Write "90%", or { limit: "90%", for: 3m }.',
  }).optional(),
  evidence: key(z.union([z.literal(false), evidence]), {
    what: "Comparison with stable: reverts at these odds that the candidate is worse, at any moment. `false`: hard limits alone.",
    rule: "false, or an object with odds, tolerance, noise",
    hint: "Write { odds: 20, tolerance: 1.5 }.",
    fallback: "{ odds: 20, tolerance: 1.5, noise: 0.5 }",
  }).optional(),
  minRequests: whole(
    { min: 1, max: 1_000_000 },
    {
      what: "A window holds at least this many requests, growing backwards until it does.",
      fallback: "100",
      hint: "0 would let silence pass as health; 1 gives the guide's letter.",
    },
  ).optional(),
  window: sustained("Length of the windows in which shares are judged, at least.", "1m"),
});
