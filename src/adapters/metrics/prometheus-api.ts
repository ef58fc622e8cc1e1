import * as z from "zod";
import { RolloutError } from "../../errors/errors.ts";
import { fetchWithin } from "../../lib/fetch-within.ts";
import { jsonOf } from "../../lib/json-of.ts";
import type { Runtime } from "../../lib/runtime.ts";
import { stableJson } from "../../lib/stable-json.ts";
import type { Track } from "./counters.ts";

/** Steps of a range query, ms since the epoch; both ends belong to it. */
export interface Grid {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

/** One series on the grid. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly track: Track;
}

export interface PrometheusApi {
  /** A selector of counters over the grid. Throws `metrics-source` on anything but a whole, sound answer. */
  range(query: string, grid: Grid, signal?: AbortSignal): Promise<readonly Series[]>;
  /** Any expression over the grid, where a sample may be below 0, NaN or infinite. Throws as `range`. */
  levels(query: string, grid: Grid, signal?: AbortSignal): Promise<readonly Series[]>;
  /** The values of a label among the series of a selector, over the grid's span. */
  labelValues(
    of: { readonly label: string; readonly query: string },
    grid: Grid,
    signal?: AbortSignal,
  ): Promise<readonly string[]>;
  /** The earliest time that the server gave in an answer (its `Date` header), where it gave one. */
  serverNowMs(): number | undefined;
}

const envelope = z.object({
  status: z.literal("success"),
  warnings: z.array(z.string()).optional(),
  data: z.unknown(),
});
const refusal = z.object({ status: z.literal("error"), errorType: z.string(), error: z.string() });
const matrix = z.object({
  resultType: z.literal("matrix"),
  result: z.array(
    z.object({
      metric: z.record(z.string(), z.string()),
      values: z.array(z.tuple([z.number(), z.string()])),
    }),
  ),
});

/** The parts of Prometheus' HTTP API that we use. Credentials in the URL become basic authentication. */
export function createPrometheusApi(options: {
  url: string;
  runtime: Runtime;
  timeoutMs: number;
}): PrometheusApi {
  let earliest: number | undefined;
  const get = async (
    path: string,
    parameters: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<unknown> => {
    const { url, headers } = address(options.url, path, parameters);
    const { runtime, timeoutMs } = options;
    const answer = await fetchWithin(runtime, { url, init: { headers }, timeoutMs, signal });
    if (!answer.ok) throw sourceError(answer.message);
    const at = Date.parse(answer.headers.get("date") ?? "");
    if (Number.isFinite(at)) earliest = Math.min(earliest ?? at, at);
    return unwrap(answer.status, answer.text);
  };
  const read = (toNumber: ToNumber) => async (query: string, grid: Grid, signal?: AbortSignal) => {
    const series = new Map<
      string,
      { readonly labels: Series["labels"]; readonly track: (number | undefined)[] }
    >();
    for (const part of partsOf(grid)) {
      const asked = { query, ...span(part), step: String(part.stepMs / 1000) };
      const parsed = matrix.safeParse(await get("query_range", asked, signal));
      if (!parsed.success)
        throw sourceError(`its answer is not a matrix of samples: ${z.prettifyError(parsed.error)}`);
      for (const { metric: labels, values } of parsed.data.result) {
        const name = stableJson(labels);
        const track = series.get(name)?.track ?? new Array<number | undefined>(stepsIn(grid)).fill(undefined);
        fill(track, values, { grid, part, query, toNumber });
        series.set(name, { labels, track });
      }
    }
    return [...series.values()];
  };
  return {
    range: read(counterValue),
    levels: read(levelValue),
    labelValues: async ({ label, query }, grid, signal) => {
      const path = `label/${encodeURIComponent(label)}/values`;
      const parsed = z
        .array(z.string())
        .safeParse(await get(path, { "match[]": query, ...span(grid) }, signal));
      if (!parsed.success)
        throw sourceError(`its answer is not a list of label values: ${z.prettifyError(parsed.error)}`);
      return parsed.data;
    },
    serverNowMs: () => earliest,
  };
}

/** What a source could not answer; the adapter turns it into an answer of status `error`. */
export function sourceError(why: string): RolloutError {
  return new RolloutError(`Prometheus gave no usable answer: ${why}.`, {
    code: "metrics-source",
    exit: "error",
  });
}

function span({ startMs, endMs }: Grid) {
  return { start: String(startMs / 1000), end: String(endMs / 1000) };
}

function address(base: string, path: string, parameters: Record<string, string>) {
  if (!URL.canParse(base)) throw sourceError("rollout.metrics.url is not a valid URL");
  const url = new URL(base);
  const headers: Record<string, string> = { accept: "application/json" };
  if (url.username !== "") {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers["authorization"] = `Basic ${Buffer.from(pair, "utf8").toString("base64")}`;
    url.username = "";
    url.password = "";
  }
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/api/v1/${path}`;
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return { url, headers };
}

function unwrap(status: number, text: string): unknown {
  const body = jsonOf(text);
  const refused = refusal.safeParse(body);
  if (refused.success)
    throw sourceError(`${refused.data.errorType}: ${refused.data.error.slice(0, 300)} (HTTP ${status})`);
  if (status < 200 || status > 299) throw sourceError(`HTTP ${status}`);
  if (body === undefined) throw sourceError(`HTTP ${status} with a body that is not JSON`);
  const whole = envelope.safeParse(body);
  if (!whole.success) throw sourceError(`its answer has another form: ${z.prettifyError(whole.error)}`);
  // Warnings come with partial data (a store that did not answer): a part must not pass for the whole.
  const warning = whole.data.warnings?.[0];
  if (warning !== undefined) throw sourceError(`it warns of a partial answer: ${warning.slice(0, 300)}`);
  return whole.data.data;
}

type ToNumber = (text: string, query: string) => number;

function counterValue(text: string, query: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0) {
    throw sourceError(`a sample of ${query} is ${text}, where a counter has a number from 0 up`);
  }
  return value;
}

const notFinite: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  "+Inf": Number.POSITIVE_INFINITY,
  "-Inf": Number.NEGATIVE_INFINITY,
};

function levelValue(text: string, query: string): number {
  const value = notFinite[text] ?? Number(text);
  if (text.trim() === "" || (Number.isNaN(value) && text !== "NaN")) {
    throw sourceError(`a sample of ${query} is ${JSON.stringify(text)}, which is no number`);
  }
  return value;
}

/** Steps of one request: Prometheus refuses more than 11,000, which is about a day of bins of 10 s. */
const mostSteps = 10_000;

function stepsIn({ startMs, endMs, stepMs }: Grid): number {
  return (endMs - startMs) / stepMs + 1;
}

/** The grid in spans that one request may have, in order and without a step twice. */
function partsOf(grid: Grid): readonly Grid[] {
  const parts: Grid[] = [];
  for (let at = grid.startMs; at <= grid.endMs; at += mostSteps * grid.stepMs) {
    parts.push({ ...grid, startMs: at, endMs: Math.min(grid.endMs, at + (mostSteps - 1) * grid.stepMs) });
  }
  return parts;
}

function fill(
  track: (number | undefined)[],
  values: readonly (readonly [number, string])[],
  of: {
    readonly grid: Grid;
    readonly part: Grid;
    readonly query: string;
    readonly toNumber: ToNumber;
  },
): void {
  const { grid, part, query, toNumber } = of;
  for (const [seconds, text] of values) {
    const step = (seconds * 1000 - part.startMs) / part.stepMs;
    const index = Math.round(step);
    if (Math.abs(step - index) > 0.01 || index < 0 || index >= stepsIn(part)) {
      throw sourceError(
        `a sample of ${query} is at ${seconds}, which is none of the steps that were asked for`,
      );
    }
    track[index + (part.startMs - grid.startMs) / grid.stepMs] = toNumber(text, query);
  }
}
