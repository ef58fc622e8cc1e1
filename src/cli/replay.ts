import { type EvidenceInput, paceOptionsOf } from "../analysis/evidence-gate.ts";
import { judge } from "../analysis/judge.ts";
import { PaceEvidence } from "../analysis/pace.ts";
import { defaults, everyPreset } from "../config/presets.ts";
import type { EvidenceLimits, GateLimits } from "../types/gates.ts";
import type { GateReading } from "../types/verdict.ts";
import type { Recording } from "./bins.ts";
import { type Decision, decisionOf, verdictOf } from "./decision.ts";

/** What recorded bins are judged by. */
export interface ReplayOptions extends EvidenceLimits {
  /** Share of failed requests that the hard limit allows, percent: above 0, below 100. */
  readonly limitPercent: number;
}

/** What the product judges by where nothing else is said. */
export const replayDefaults: ReplayOptions = {
  ...defaults.evidence,
  limitPercent: everyPreset.gates.errorRate.limitPercent,
};

/** Odds after a bin, to 1: of the absolute part, of the comparison with stable, and both together. */
export interface ReplayedBin {
  readonly t: string | number;
  readonly eAbs: number;
  readonly eRel: number;
  readonly e: number;
}

export interface Replay {
  readonly bins: readonly ReplayedBin[];
  readonly decision: Decision;
}

/** The guide's hard limits, as every preset has them, with the evidence that is asked for. */
export function replayGates({ limitPercent, ...evidence }: ReplayOptions): GateLimits {
  const { windowSeconds, minRequests, errorRate, p95, exceptions, health } = everyPreset.gates;
  const windows = (seconds: number) => Math.ceil(seconds / windowSeconds);
  return {
    errorRate: { limitPercent, windows: windows(errorRate.forSeconds) },
    p95: { limitMs: p95.limitMs, windows: windows(p95.forSeconds) },
    exceptions,
    health,
    windowSeconds,
    minRequests,
    evidence,
  };
}

/**
 * Judges a recording as the driver judges a rollout: a look after every bin, at what the looks before it saw too. The
 * first limit or evidence that is breached reverts; at the end everything has to be proved (gates.md 2.5), else it
 * holds. The odds go on to the last bin. Health and exceptions stand in no bin and are left out. Pure.
 */
export function replay({ bins, binMs }: Recording, options: ReplayOptions): Replay {
  const gates = replayGates(options);
  const candidate = bins.flatMap(({ canary }) => canary ?? []);
  const stable = bins.flatMap((bin) => bin.stable ?? []);
  const pace = paceOf({ gates, evidence: options, candidate, stable, binMs });
  const replayed: ReplayedBin[] = [];
  const { evidence: _, ...hard } = gates;
  let reverted: Decision | undefined;
  for (const [index, bin] of bins.entries()) {
    pace.add(bin);
    const { eAbs, eRel, e } = pace.look();
    replayed.push({ t: bin.t, eAbs, eRel, e });
    if (reverted !== undefined) continue;
    // To reckon the evidence from the first bin again is only needed where it decides.
    const accused = e >= options.odds;
    const from = accused ? 0 : firstNeeded({ bins, binMs }, index, gates);
    const seen = { binMs, bins: bins.slice(from, index + 1) };
    const breached = lookAt(seen, accused ? gates : hard).find(({ verdict }) => verdict === "fail");
    if (breached !== undefined) reverted = decisionOf("revert", bin.t, breached);
  }
  return { bins: replayed, decision: reverted ?? ending({ bins, binMs }, gates) };
}

function paceOf(input: Omit<EvidenceInput, "exposedSinceMs" | "watermarkMs">): PaceEvidence {
  return new PaceEvidence({
    ...paceOptionsOf({ ...input, exposedSinceMs: 0, watermarkMs: Number.POSITIVE_INFINITY }),
    originMs: 0,
  });
}

/**
 * The first bin that a hard limit can reach back to: its windows, and one more, for the newest one may end a window
 * early. What is older changes no breach.
 */
export function firstNeeded(
  { bins, binMs }: Recording,
  index: number,
  gates: Omit<GateLimits, "evidence">,
): number {
  const { windowSeconds, minRequests, errorRate, p95 } = gates;
  let missing = Math.max(errorRate.windows, p95.windows) + 1;
  let endMs = (bins[index]?.startMs ?? 0) + binMs;
  let n = 0;
  for (let at = index; at > 0; at -= 1) {
    const { startMs = 0, canary } = bins[at] ?? {};
    n += canary?.n ?? 0;
    if (n < minRequests || endMs - startMs < windowSeconds * 1000) continue;
    missing -= 1;
    if (missing === 0) return at;
    [endMs, n] = [startMs, 0];
  }
  return 0;
}

/** What the product says right after the last bin, of the gates that a recording can tell. */
function lookAt({ bins: seen, binMs }: Recording, gates: GateLimits): readonly GateReading[] {
  const nowMs = (seen.at(-1)?.startMs ?? 0) + binMs;
  const side = (name: "canary" | "stable") => ({
    bins: seen.flatMap((bin) => bin[name] ?? []),
  });
  const well = { status: "ok" } as const;
  const readings = judge({
    gates,
    metrics: {
      status: "value",
      binMs,
      watermarkMs: nowMs,
      candidate: side("canary"),
      stable: side("stable"),
    },
    health: { candidate: well, stable: well },
    exposedSinceMs: 0,
    confirmedAtMs: 0,
    nowMs,
  });
  return readings.filter(({ gate }) => gate !== "health" && gate !== "exceptions");
}

/** Nothing has reverted: it goes on where every gate passes. */
function ending(recording: Recording, gates: GateLimits): Decision {
  return verdictOf(lookAt(recording, gates), recording.bins.at(-1)?.t ?? 0);
}
