import type { GaugeAnswer } from "../types/gauge.ts";
import { type SloState, sloState, worstState } from "./slo.ts";

/** A window that a source isn't complete for yet is judged by its newest samples, if they aren't older than this. */
const maxLateMs = 300_000;

/**
 * The state of the queue's lag in a window: that of its worst sample. `sinceMs`: nothing of before says anything of this
 * step. No sample, or a source that says nothing, is `unknown`. Pure.
 */
export function lagState(
  answer: GaugeAnswer,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  sinceMs: number,
): SloState {
  if (answer.status !== "value") return "unknown";
  const { samples, watermarkMs, everyMs } = answer;
  if (toMs - watermarkMs > maxLateMs) return "unknown";
  const endMs = Math.min(toMs, watermarkMs);
  // A sample stands for the time up to the next: rare ones are in no short window, but speak for it.
  const startMs = endMs - Math.max(toMs - fromMs, everyMs);
  const inside = samples.filter(({ atMs }) => atMs > startMs && atMs <= endMs && atMs >= sinceMs);
  return worstState(inside.map(({ value }) => sloState("queue-lag", value)));
}

/**
 * The states of a step's windows, by time, with those of the lag in them. A silent source of the lag neither begins nor
 * resolves anything: a critical state that it left runs on, else the counts speak alone. Pure.
 */
export function withLag(counted: readonly SloState[], lags: readonly SloState[]): readonly SloState[] {
  let wasCritical = false;
  return counted.map((state, index) => {
    const lag = lags[index] ?? "unknown";
    if (lag === "unknown") return wasCritical && state !== "critical" ? "unknown" : state;
    wasCritical = lag === "critical";
    return worstState([state, lag]);
  });
}

/** Why nobody can say how the queue is, for machines and for people. */
export function lagSilence(answer: GaugeAnswer): { readonly reason: string; readonly why: string } {
  switch (answer.status) {
    case "error":
      return { reason: "SourceError", why: answer.message };
    case "empty":
      return { reason: "NoData", why: answer.message };
    case "value":
      return { reason: "NoData", why: "no usable sample in the newest window of this step" };
  }
}
