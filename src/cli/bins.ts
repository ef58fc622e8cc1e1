import * as z from "zod";
import { type Issue, RolloutError } from "../errors/errors.ts";
import type { CohortBin } from "../types/observation.ts";

/** One recorded bin of both sides. Its counts start at 0 ms with the first bin of the recording. */
export interface RecordedBin {
  /** Its time as it was written. */
  readonly t: string | number;
  readonly startMs: number;
  /** Absent: nothing was heard of the canary. */
  readonly canary?: CohortBin;
  /** Absent: the recording has no stable side at all. */
  readonly stable?: CohortBin;
}

/** What both sides of a rollout did, bin by bin. */
export interface Recording {
  /** Length of a bin. */
  readonly binMs: number;
  readonly bins: readonly RecordedBin[];
}

const wholeCount = "a whole number from 0";
const count = z.int({ error: wholeCount }).min(0, wholeCount);
const side = z
  .strictObject({
    n: count,
    errors: count,
    slow500: count.optional(),
    slow1000: count.optional(),
    weight2: z
      .number({ error: "a sum of squared sample weights, from 0" })
      .min(0, "a sum of squared sample weights, from 0")
      .optional(),
  })
  .superRefine(({ n, errors, slow500, slow1000 }, context) => {
    const over = (path: string, most: string) =>
      context.addIssue({ code: "custom", path: [path], message: `at most ${most}` });
    if (errors > n) over("errors", "n");
    if ((slow500 ?? 0) > n) over("slow500", "n");
    if ((slow1000 ?? 0) > (slow500 ?? n)) over("slow1000", slow500 === undefined ? "n" : "slow500");
  });
const when = "an ISO 8601 time with its zone, ms since the epoch, or the number of the bin";
const row = z
  .strictObject({
    t: z.union([z.iso.datetime({ offset: true }), z.int().min(0)], { error: when }),
    canary: side.optional(),
    stable: side.optional(),
  })
  .refine(({ canary, stable }) => canary !== undefined || stable !== undefined, {
    error: "the counts of canary, stable or both",
  });

type Side = z.infer<typeof side>;
interface Line extends z.infer<typeof row> {
  readonly line: number;
  /** Start, ms; of numbered bins their number. */
  readonly at: number;
  readonly numbered: boolean;
}

/** PACE's own, where no times tell another. */
const usualBinMs = 10_000;
/** A smaller number counts bins, a larger one ms since the epoch (12 January 1970). */
const firstEpochMs = 1e9;
const mostSilentBins = 1000;
const hint = `A line is {"t":0,"canary":{"n":50,"errors":0,"slow500":1,"slow1000":0},"stable":{"n":950,"errors":1,"slow500":19,"slow1000":0}}.`;

/**
 * Reads recorded bins: one JSON object a line, by time. Bins that are left out count as silence. Throws `bins-invalid`
 * (exit 2) with every problem and its line.
 */
export function parseBins(text: string): Recording {
  const issues: Issue[] = [];
  const lines = text.split("\n").flatMap((written, index): Line[] => {
    if (written.trim() === "") return [];
    const read = readLine(written, index + 1);
    if ("at" in read) return [read];
    issues.push(...read.issues);
    return [];
  });
  if (lines.length === 0 && issues.length === 0)
    issues.push({ path: "line 1", rule: "one bin a line", hint });
  const binMs = lengthOf(lines);
  issues.push(...timeIssues(lines, binMs), ...thresholdIssues(lines));
  if (issues.length > 0) throw invalid(issues);
  return { binMs, bins: binsOf(lines) };
}

function readLine(written: string, line: number): Line | { readonly issues: readonly Issue[] } {
  const value = parsed(written);
  if (value === undefined) {
    const received = JSON.stringify(written.trim().slice(0, 40));
    return { issues: [{ path: `line ${line}`, received, rule: "a JSON object", hint }] };
  }
  const result = row.safeParse(value);
  if (!result.success) return { issues: result.error.issues.map((issue) => explain(issue, { value, line })) };
  const { t } = result.data;
  const numbered = typeof t === "number" && t < firstEpochMs;
  return { ...result.data, line, numbered, at: typeof t === "number" ? t : Date.parse(t) };
}

function parsed(written: string): unknown {
  try {
    return JSON.parse(written);
  } catch {
    return undefined;
  }
}

function explain(
  { path, message, ...issue }: z.core.$ZodIssue,
  { value, line }: { readonly value: unknown; readonly line: number },
): Issue {
  const keys = path.map(String);
  const received = JSON.stringify(keys.reduce<unknown>((at, key) => Object(at)[key], value));
  const rule = issue.code === "unrecognized_keys" ? `no ${issue.keys.join(", ")}` : message;
  return {
    path: [`line ${line}`, keys.join(".")].filter((part) => part !== "").join(": "),
    ...(received === undefined || keys.length === 0 ? {} : { received: received.slice(0, 80) }),
    rule,
    hint,
  };
}

/** The shortest time between two lines. */
function lengthOf(lines: readonly Line[]): number {
  if (lines.every(({ numbered }) => numbered)) return usualBinMs;
  const steps = lines.flatMap(({ at }, index) => at - (lines[index - 1]?.at ?? at));
  const positive = steps.filter((step) => step > 0);
  return positive.length === 0 ? usualBinMs : Math.min(...positive);
}

function timeIssues(lines: readonly Line[], binMs: number): readonly Issue[] {
  const [first] = lines;
  if (first === undefined) return [];
  return lines.slice(1).flatMap((line, index): readonly Issue[] => {
    const path = `line ${line.line}: t`;
    const received = JSON.stringify(line.t);
    if (line.numbered !== first.numbered)
      return [
        {
          path,
          received,
          rule: `told as line ${first.line} tells it`,
          hint: "Times or numbers of bins, not both.",
        },
      ];
    const before = lines[index];
    if (before !== undefined && line.at <= before.at)
      return [
        {
          path,
          received,
          rule: `later than line ${before.line}`,
          hint: "Sort the lines by time, each bin once.",
        },
      ];
    if (line.numbered) return gapIssues({ path, received }, line.at - (before?.at ?? line.at));
    if ((line.at - first.at) % binMs === 0) return [];
    const rule = `a multiple of ${binMs / 1000} s after line ${first.line}`;
    return [{ path, received, rule, hint: "All bins have one length: the shortest time between two lines." }];
  });
}

/** Milliseconds since the start would read as bins with hours of silence between them. */
function gapIssues(where: Pick<Issue, "path" | "received">, bins: number): readonly Issue[] {
  if (bins < mostSilentBins) return [];
  const rule = `less than ${mostSilentBins} bins after the line before it`;
  return [{ ...where, rule, hint: "Below 1e9 it counts bins: write ms since the epoch, or 0, 1, 2." }];
}

/** "Not counted" and "none was slow" must not be mixed. */
function thresholdIssues(lines: readonly Line[]): readonly Issue[] {
  const sides = lines.flatMap(({ line, canary, stable }) =>
    Object.entries({ canary, stable }).flatMap(([name, counts]) =>
      counts === undefined || counts.n === 0 ? [] : [{ path: `line ${line}: ${name}`, counts }],
    ),
  );
  return (["slow500", "slow1000"] as const).flatMap((name) => {
    const without = sides.filter(({ counts }) => counts[name] === undefined);
    if (without.length === sides.length) return [];
    const advice = "Count it on both sides of every line, or on none.";
    return without.map(({ path }) => ({
      path: `${path}.${name}`,
      rule: "counted as in other lines",
      hint: advice,
    }));
  });
}

function binsOf(lines: readonly Line[]): readonly RecordedBin[] {
  const [first] = lines;
  const unit = first?.numbered ? usualBinMs : 1;
  const paired = lines.some(({ stable }) => stable !== undefined);
  const sides = lines.flatMap(({ canary, stable }) => [canary, stable]);
  const counted = {
    slow500: sides.some((one) => one?.slow500 !== undefined),
    slow1000: sides.some((one) => one?.slow1000 !== undefined),
  };
  return lines.map(({ t, at, canary, stable }) => {
    const startMs = (at - (first?.at ?? at)) * unit;
    const bin = (counts: Side) => toBin(counts, startMs, counted);
    return {
      t,
      startMs,
      ...(canary === undefined ? {} : { canary: bin(canary) }),
      // Silence of stable in one line doesn't make it a rollout without one.
      ...(paired ? { stable: bin(stable ?? { n: 0, errors: 0 }) } : {}),
    };
  });
}

function toBin(
  { n, errors, slow500 = 0, slow1000 = 0, weight2 = n }: Side,
  startMs: number,
  counted: { readonly slow500: boolean; readonly slow1000: boolean },
): CohortBin {
  const slow = {
    ...(counted.slow500 ? { 500: slow500 } : {}),
    ...(counted.slow1000 ? { 1000: slow1000 } : {}),
  };
  return { startMs, n, errors, slow, exceptions: 0, weightSquared: weight2 };
}

function invalid(issues: readonly Issue[]): RolloutError {
  const problems = issues.length === 1 ? "1 problem" : `${issues.length} problems`;
  const text = `The recorded bins have ${problems}.`;
  return new RolloutError(text, {
    code: "bins-invalid",
    exit: "config",
    issues,
    hint: issues[0]?.hint ?? hint,
  });
}
