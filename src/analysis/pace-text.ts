import { formatOdds, formatShare, grouped } from "./figures.ts";
import type { PaceMetricReading } from "./pace-metric.ts";

export interface EvidenceText {
  readonly reading: PaceMetricReading;
  /** What a bad request is called after a count: "failed". */
  readonly label: string;
  /** Evidence over all metrics, and where it reverts. */
  readonly e: number;
  readonly threshold: number;
}

/**
 * One sentence for people, without statistics (gates.md 2.4, as CAS advises): "canary 12 of 2,410 failed (0.50 %),
 * stable 0.10 %: 5.0 times worse; evidence 340:1, reverts at 20:1". Deterministic.
 */
export function evidenceSentence({ reading, label, e, threshold }: EvidenceText): string {
  const odds = `evidence ${formatOdds(e)}:1, reverts at ${formatOdds(threshold)}:1`;
  const { canary } = reading;
  if (canary.n === 0) return `canary has no requests yet; ${odds}`;
  const share = formatShare(canary.bad, canary.n);
  const counts = `canary ${grouped(canary.bad)} of ${grouped(canary.n)} ${label} (${share} %)`;
  return `${counts}, ${comparison(reading)}; ${odds}`;
}

function comparison({ canary, stable }: PaceMetricReading): string {
  if (stable.n === 0) return "no stable requests to compare with";
  const share = `stable ${formatShare(stable.bad, stable.n)} %`;
  if (canary.bad * stable.n <= stable.bad * canary.n) return `${share}: no worse`;
  if (stable.bad === 0) return `stable none of ${grouped(stable.n)}`;
  return `${share}: ${((canary.bad / canary.n) * (stable.n / stable.bad)).toFixed(1)} times worse`;
}
