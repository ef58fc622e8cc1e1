import type { GaugeAnswer } from "../types/gauge.ts";
import type { GateReading } from "../types/verdict.ts";
import type { IntegrityAnswer, ReviewMetric } from "../types/watch.ts";

/** So long without a sample, and so many left out: the last one says nothing about now. */
const silentMs = 300_000;
const silentSamples = 5;

/** A business metric at one look: past its limit it holds for a person (gates.md 2.5 item 3). Pure. */
export function readReview(
  { name, limit, worse }: Pick<ReviewMetric, "name" | "limit" | "worse">,
  answer: GaugeAnswer,
): GateReading {
  const base = { gate: `review:${name}` as const, limit };
  if (answer.status === "error")
    return { ...base, verdict: "error", reason: "SourceError", message: answer.message };
  if (answer.status === "empty")
    return { ...base, verdict: "no-data", reason: "NoData", message: answer.message };
  const newest = answer.samples.at(-1);
  if (newest === undefined)
    return { ...base, verdict: "no-data", reason: "NoData", message: `${name}: no sample yet` };
  const ageMs = answer.watermarkMs - newest.atMs;
  if (ageMs > Math.max(silentMs, silentSamples * answer.everyMs)) {
    const message = `${name}: the newest sample is ${Math.round(ageMs / 1000)} s old`;
    return { ...base, verdict: "no-data", reason: "StaleData", message };
  }
  const { value } = newest;
  // What is no number is not within a limit.
  const past = !(worse === "above" ? value <= limit : value >= limit);
  const text = `${name} is at ${value}, limit ${limit}`;
  if (!past) return { ...base, value, verdict: "pass", reason: "WithinLimit", message: text };
  const message = `${text}: a person has to look at it`;
  return { ...base, value, verdict: "review", reason: "ReviewNeeded", message };
}

/** The integrity check: one finding reverts, a check that could not be made proves nothing. Pure. */
export function readIntegrity(answer: IntegrityAnswer): GateReading {
  const base = { gate: "integrity" as const, limit: 0, message: answer.message };
  switch (answer.status) {
    case "whole":
      return { ...base, value: 0, verdict: "pass", reason: "Whole" };
    case "broken":
      return { ...base, value: 1, verdict: "fail", reason: "IntegrityBroken", cause: "canary" };
    case "error":
      return { ...base, verdict: "error", reason: "SourceError" };
  }
}
