import { quietFactor } from "../../src/analysis/windows.ts";

/** Totals of the canary up to each bin: `n[t]` and `bad[t]` are of the bins before t, so a window is one subtraction. */
export interface Trace {
  readonly n: Float64Array;
  readonly bad: Float64Array;
}

/** A gate of another product, or of the guide. Whether it reverts after the bin `at` (10 s each), the first being 0. */
export interface PeerGate {
  readonly name: string;
  readonly rule: string;
  /** One judge a rollout: some remember earlier looks. */
  readonly start: () => (trace: Trace, at: number) => boolean;
}

/** 10 s bins of one step of 15 minutes. */
export const soakBins = 90;
const limit = 0.01;

function overLimit({ n, bad }: Trace, at: number, bins: number): "over" | "within" | "no-data" {
  const from = Math.max(0, at + 1 - bins);
  const requests = (n[at + 1] ?? 0) - (n[from] ?? 0);
  if (requests === 0) return "no-data";
  return (bad[at + 1] ?? 0) - (bad[from] ?? 0) > limit * requests ? "over" : "within";
}

export const peerGates: readonly PeerGate[] = [
  {
    name: "guide's script",
    rule: "more than 1 % failed in the last 15 min; looked at every 2 min of each 15 min step",
    start: () => (trace, at) => {
      const inStep = at % soakBins;
      const looks = (inStep + 1) % 12 === 0 || at === 4 * soakBins - 1;
      return looks && overLimit(trace, at, 90) === "over";
    },
  },
  {
    name: "guide's trigger list",
    rule: "more than 1 % failed in each of two minutes in a row",
    start: () => {
      let inRow = 0;
      return (trace, at) => {
        if ((at + 1) % 6 !== 0) return false;
        inRow = overLimit(trace, at, 6) === "over" ? inRow + 1 : 0;
        return inRow >= 2;
      };
    },
  },
  {
    name: "Flagger-like",
    rule: "a check a minute over the last minute; more than 1 % failed or no data is a failed check; the 5th reverts",
    start: () => failures({ everyBins: 6, allowed: 4, noData: true }),
  },
  {
    name: "Argo-like",
    rule: "as its documentation's example (interval 5m over [5m], failureLimit 3): the 4th measurement over 1 % reverts; no data is inconclusive",
    start: () => failures({ everyBins: 30, allowed: 3, noData: false }),
  },
];

/** Failed measurements add up over the rollout, whether in a row or not. */
function failures(rule: { everyBins: number; allowed: number; noData: boolean }) {
  let failed = 0;
  return (trace: Trace, at: number) => {
    if ((at + 1) % rule.everyBins !== 0) return false;
    const seen = overLimit(trace, at, rule.everyBins);
    if (seen === "over" || (seen === "no-data" && rule.noData)) failed += 1;
    return failed > rule.allowed;
  };
}

export interface HardLimitOptions {
  readonly limitPercent: number;
  readonly windows: number;
  readonly minBins: number;
  readonly minRequests: number;
  /**
   * With fewer requests than this many times `minRequests` in the newest `minBins`, the newest window ends at a whole
   * multiple of `minBins` since the exposure; else each look cuts it anew. 0: always anew.
   */
  readonly quietFactor: number;
}

/** The error rate's hard limit as the product has it (guide, "Automatic Rollback Triggers"; gates.md 2.5). */
export const hardLimitDefaults: HardLimitOptions = {
  limitPercent: 1,
  windows: 2,
  minBins: 6,
  minRequests: 100,
  quietFactor,
};

/**
 * The hard limit of src/analysis/share-gate.ts, a bin at a time: its windows grow backwards anew at every look, which
 * is too slow for millions of bins. The latest window that ends at a bin begins where that one ends which is the
 * latest for the bin's begin, so one number a bin is remembered. A test holds the two to the same verdicts.
 */
export class HardLimit {
  readonly #options: HardLimitOptions;
  /** Where the latest full window that ends at a bin begins; -1 where there is none. */
  readonly #begin: Int32Array;
  #from = -1;

  constructor(mostBins: number, options: HardLimitOptions = hardLimitDefaults) {
    this.#options = options;
    this.#begin = new Int32Array(mostBins + 1).fill(-1);
  }

  /** Call for each bin in order, `trace` filled up to it. */
  breaches({ n, bad }: Trace, at: number): boolean {
    const { limitPercent, windows, minBins, minRequests, quietFactor: factor } = this.#options;
    const end = at + 1;
    const full = (from: number) => end - from >= minBins && (n[end] ?? 0) - (n[from] ?? 0) >= minRequests;
    while (this.#from + 1 <= end && full(this.#from + 1)) this.#from += 1;
    this.#begin[end] = this.#from;
    const recent = (n[end] ?? 0) - (n[Math.max(0, end - minBins)] ?? 0);
    let to = recent < factor * minRequests ? end - (end % minBins) : end;
    for (let window = 0; window < windows; window += 1) {
      const from = this.#begin[to] ?? -1;
      if (from < 0) return false;
      const requests = (n[to] ?? 0) - (n[from] ?? 0);
      if (!(((bad[to] ?? 0) - (bad[from] ?? 0)) * 100 > limitPercent * requests)) return false;
      to = from;
    }
    return true;
  }
}
