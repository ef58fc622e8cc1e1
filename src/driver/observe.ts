import { judge, thresholdsOf } from "../analysis/judge.ts";
import { seenCounts } from "../analysis/seen-counts.ts";
import { serviceReading } from "../analysis/service-down.ts";
import type { Observations } from "../decide/decide.ts";
import { isWatched } from "../decide/states.ts";
import { movesFlag } from "../plan/flag-steps.ts";
import { isInPlace, servesAsOne } from "../plan/steps.ts";
import type { CohortBin, HealthAnswer, MetricsAnswer, RouteReading } from "../types/observation.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";
import type { GateReading } from "../types/verdict.ts";
import { readServiceBeside } from "./alarm-watch.ts";
import { type DuringSeen, readDuring } from "./checklist-during.ts";
import type { RunningEffect } from "./effect.ts";
import type { FlagDeps } from "./flag-deps.ts";
import { flagDrift } from "./flag-drift.ts";
import { readBudgetGate } from "./observe-budget.ts";
import { readWatched } from "./observe-watched.ts";
import { flagPart, leverNow } from "./part.ts";
import type { Session } from "./session.ts";

/** Everything that this look sees. Never throws: what can't be read is absent or an `error` verdict. */
export async function observe(session: Session, effect: RunningEffect): Promise<Observations> {
  const held = await session.lease.held().catch(() => false);
  if (!held) return { lease: "lost", effect: effect.status(), readings: [] };
  const [gates, budget, route, drift] = await Promise.all([
    readGates(session),
    readBudgetGate(session, session.deps.runtime.clock.now()),
    readRoute(session),
    readDrift(session),
  ]);
  const readings = [...gates.readings, ...budget];
  const foreign = foreignChange(session, route) ?? drift;
  const service = gates.service ?? readServiceBeside(session);
  const checklist = await readDuring(session, gates);
  return {
    lease: "held",
    effect: effect.status(),
    readings,
    ...(gates.counts ? { counts: gates.counts } : {}),
    ...(route ? { route } : {}),
    ...(service === undefined ? {} : { service }),
    ...(foreign ? { foreign } : {}),
    ...(checklist === undefined ? {} : { checklist }),
  };
}

/** What the gates have said at a look, and what they were made of. */
interface GatesSeen extends Pick<Observations, "readings" | "counts" | "service"> {
  readonly seen?: DuringSeen;
}

/** The gates, wherever the candidate may carry traffic: also while an update runs. */
async function readGates(session: Session): Promise<GatesSeen> {
  const { deps, plan, state } = session;
  const since = watchedSince(session);
  if (since === undefined || !isWatched(state.name)) return { readings: [] };
  const nowMs = deps.runtime.clock.now();
  const { gates } = plan;
  const { flag, phase } = watchedPart(session);
  const asked = await unlessAborted(session, (signal) =>
    Promise.all([
      (phase ?? deps).metrics.observe({ sinceMs: since, nowMs, ...thresholdsOf(gates), signal }),
      (flag ?? deps).health.probe({
        tries: gates.health.tries,
        timeoutMs: gates.health.timeoutSeconds * 1000,
        signal,
      }),
      readWatched(deps, gates, { sinceMs: since, nowMs, signal }),
    ]),
  );
  if (asked === undefined) return { readings: [] };
  const [answer, health, watched] = asked;
  const asOne = flag === undefined ? servesAsOne(plan.steps) : phase === undefined;
  const metrics = asOne ? ofTheService(answer) : answer;
  const counts = seenCounts(metrics, since);
  const service = serviceReading({ health: health.stable, metrics: answer, minRequests: gates.minRequests });
  const weight = weightOf(session);
  const look = {
    gates,
    exposedSinceMs: since,
    confirmedAtMs: state.confirmedAtMs ?? nowMs,
    nowMs,
    ...watched,
    ...(weight === undefined ? {} : { weight }),
  };
  const beside = flag === undefined && !asOne;
  const judged = judge({ ...look, metrics, health: beside ? health : healthAsOne(health) });
  const said = beside ? judged : judged.map(phase === undefined ? saidOfTheService : saidOfTheFeature);
  const queue = watched.gauges?.["queue-depth"];
  const sides = beside ? sidesAsked(deps.policy, health) : { service: health.stable };
  const seen = { metrics, askedAtMs: nowMs, health: sides, ...(queue === undefined ? {} : { queue }) };
  return { readings: said, service, seen, ...(counts === undefined ? {} : { counts }) };
}

/** In its phases a flag's two cohorts are compared; while it is off, the service is watched as one. */
function watchedPart(session: Session): { readonly flag?: FlagDeps; readonly phase?: FlagDeps } {
  const flag = flagPart(session);
  if (flag === undefined) return {};
  const step = session.plan.steps.find(({ id }) => id === session.state.step);
  return step?.kind === "phase" ? { flag, phase: flag } : { flag };
}

/** One side is asked, and nothing beside it. */
function healthAsOne({ stable }: HealthAnswer): HealthAnswer {
  return { candidate: stable, stable: { status: "ok" } };
}

/** Without an endpoint of its own nobody asks stable. */
function sidesAsked(
  { health }: EnvironmentPolicy,
  { candidate, stable }: HealthAnswer,
): DuringSeen["health"] {
  const alone = health.kind === "http" && health.stable.length === 0;
  return alone ? { candidate } : { candidate, stable };
}

/** A gate speaks of the canary; here that is who has the feature. */
function saidOfTheFeature(reading: GateReading): GateReading {
  return { ...reading, message: reading.message.replace(/^canary\b/, "feature on") };
}

/** The share that the candidate should get: only where it stands beside stable, and a router draws each request. */
function weightOf({ plan, state, deps }: Session): number | undefined {
  const step = plan.steps.find(({ id }) => id === state.step);
  const drawn = step?.kind === "increment" && plan.cohort === undefined;
  if (!drawn || deps.policy.lever.kind === "replica-ratio" || state.confirmedAtMs === undefined)
    return undefined;
  return (step.exposure ?? 0) / 100;
}

/**
 * Whoever asks to turn back doesn't wait for an endpoint that hangs. Undefined: cut short; what would come of it reads
 * like an endpoint that doesn't answer, and decides nothing.
 */
async function unlessAborted<T>(
  { deps, rolloutId }: Session,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const { requests } = deps.record;
  const look = new AbortController();
  let cut = false;
  const hears = (async () => {
    while (!look.signal.aborted) {
      await requests.changed(look.signal);
      if (look.signal.aborted) return;
      const asked = await requests.read(rolloutId).catch(() => []);
      cut = asked.some(({ kind }) => kind === "abort");
      if (cut) look.abort();
    }
  })();
  // A store that can't be watched is no reason to look at nothing.
  hears.catch(() => {});
  try {
    const result = await work(look.signal);
    return cut ? undefined : result;
  } finally {
    look.abort();
  }
}

/** A version in stable's place takes traffic pod by pod while its update still runs, and so do new nodes. */
function watchedSince({ plan, state }: Session): number | undefined {
  const step = plan.steps.find(({ id }) => id === state.step);
  // Dark code has traffic all the time, and its feature none.
  if (step?.kind === "dark") return state.confirmedAtMs;
  if (state.exposedSinceMs !== undefined) return state.exposedSinceMs;
  const replaces = (step?.kind === "replace" || step?.kind === "move") && step.soakSeconds !== undefined;
  return replaces && (state.name === "applying" || state.name === "confirming")
    ? state.enteredAtMs
    : undefined;
}

/** There is one side: the service as a whole is judged, and nothing stands beside it to compare with. */
function ofTheService(metrics: MetricsAnswer): MetricsAnswer {
  if (metrics.status !== "value") return metrics;
  const bins = new Map(metrics.candidate.bins.map((bin) => [bin.startMs, bin]));
  for (const bin of metrics.stable.bins) {
    const beside = bins.get(bin.startMs);
    bins.set(bin.startMs, beside === undefined ? bin : together(bin, beside));
  }
  const whole = [...bins.values()].sort((a, b) => a.startMs - b.startMs);
  return { ...metrics, candidate: { bins: whole }, stable: { bins: [] } };
}

/** Counts of one bin, whichever version they carry: in place both serve for a while. */
function together(one: CohortBin, other: CohortBin): CohortBin {
  const thresholds = Object.keys(one.slow).map(Number);
  const counted = thresholds.filter((ms) => other.slow[ms] !== undefined);
  return {
    startMs: one.startMs,
    n: one.n + other.n,
    errors: one.errors + other.errors,
    slow: Object.fromEntries(counted.map((ms) => [ms, (one.slow[ms] ?? 0) + (other.slow[ms] ?? 0)])),
    exceptions: one.exceptions + other.exceptions,
    weightSquared: one.weightSquared + other.weightSquared,
  };
}

/** A gate speaks of the canary; there is none beside stable here. */
function saidOfTheService(reading: GateReading): GateReading {
  return { ...reading, message: reading.message.replace(/^canary\b/, "the service") };
}

async function readRoute(session: Session): Promise<RouteReading | undefined> {
  const { state } = session;
  if (state.name === "planned" || state.name === "checking" || state.name === "baseline") return undefined;
  return await leverNow(session)
    .read()
    .catch(() => undefined);
}

/** What somebody has written into the flag while it is watched, beside what its exposure shows. */
async function readDrift(session: Session): Promise<Observations["foreign"]> {
  const { name } = session.state;
  const flag = name === "soaking" || name === "holding" ? flagPart(session) : undefined;
  if (flag === undefined) return undefined;
  const found = await flagDrift(session, flag).catch(() => []);
  if (found.length === 0) return undefined;
  return { message: `somebody else changed the flag: ${found.join("; ")}`, aboveplan: false };
}

/** Where the driver moves the route itself it may be anywhere up to the step; in a watch, only at it. */
function foreignChange({ plan, state }: Session, route: RouteReading | undefined): Observations["foreign"] {
  const expected = plan.steps.find((step) => step.id === state.step)?.exposure;
  if (route === undefined || expected === undefined) return undefined;
  const moving = state.name === "applying" || state.name === "confirming";
  const watching = state.name === "soaking" || state.name === "holding";
  if (isInPlace(plan.steps)) {
    // A pod that isn't ready is no foreign change: the step is not in force then, and holds by itself.
    if (!watching || route.hasCandidate) return undefined;
    const progress = route.progress ?? "no progress known";
    return { message: `the new version is gone (${progress}): somebody else changed it`, aboveplan: false };
  }
  const aboveplan = route.exposure > expected;
  if (!(watching && route.exposure !== expected) && !(moving && aboveplan)) return undefined;
  const carries = movesFlag(plan.steps, state.step) ? "the flag is open to" : "the route carries";
  const message = `${carries} ${route.exposure} % instead of ${expected} %: somebody else changed it`;
  return { message, aboveplan };
}
