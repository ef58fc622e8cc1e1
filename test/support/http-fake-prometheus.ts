import { type FakeAnswer, type HttpFake, json, type SeenRequest, startHttpFake } from "./http-fake.ts";

/** One series as it was scraped: labels with `__name__`, samples as `[seconds, value]` in order. */
export interface ScrapedSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly (readonly [number, number | string])[];
}

export interface PrometheusFake extends HttpFake {
  /** What it has scraped; replace at will. */
  series: readonly ScrapedSeries[];
  /** Answers instead of the data, where it returns something. */
  override: (request: SeenRequest) => FakeAnswer | undefined;
}

const lookBackSeconds = 300;

/**
 * A server of Prometheus' HTTP API over a table of scraped samples: `query_range` of plain selectors with
 * the look-back of 5 min, and label values. A sample of the text `stale` ends a series, as a target that
 * went away does.
 */
export async function startPrometheusFake(): Promise<PrometheusFake> {
  const world: Pick<PrometheusFake, "series" | "override"> = { series: [], override: () => undefined };
  const server = await startHttpFake((request) => world.override(request) ?? answer(request, world.series));
  return Object.assign(world, { url: server.url, requests: server.requests, close: server.close });
}

function answer({ url }: SeenRequest, all: readonly ScrapedSeries[]): FakeAnswer {
  const number = (name: string) => Number(url.searchParams.get(name));
  const [start, end] = [number("start"), number("end")];
  if (url.pathname === "/api/v1/query_range") {
    const step = number("step");
    if ((end - start) / step > 11_000) {
      return refuse("exceeded maximum resolution of 11,000 points per timeseries.");
    }
    const result = select(all, url.searchParams.get("query") ?? "").flatMap(({ labels, samples }) => {
      const values: [number, string][] = [];
      for (let at = start; at <= end; at += step) {
        const value = valueAt(samples, at);
        if (value !== undefined) values.push([at, value]);
      }
      return values.length > 0 ? [{ metric: labels, values }] : [];
    });
    return json({ status: "success", data: { resultType: "matrix", result } });
  }
  const label = /^\/api\/v1\/label\/([^/]+)\/values$/.exec(url.pathname)?.[1];
  if (label !== undefined) {
    const found = select(all, url.searchParams.get("match[]") ?? "").filter(({ samples }) =>
      samples.some(([at]) => at >= start && at <= end),
    );
    const values = new Set(found.map(({ labels }) => labels[label]).filter((value) => value !== undefined));
    return json({ status: "success", data: [...values].sort() });
  }
  return { status: 404, body: "404 page not found" };
}

function valueAt(samples: ScrapedSeries["samples"], at: number): string | undefined {
  // By halves: a month of minutes is asked for at thousands of points, and they are in order.
  let [from, to] = [0, samples.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((samples[middle]?.[0] ?? 0) <= at) from = middle + 1;
    else to = middle;
  }
  const last = samples[from - 1];
  if (!last || last[0] < at - lookBackSeconds || last[1] === "stale") return undefined;
  return String(last[1]);
}

function refuse(error: string): FakeAnswer {
  return json({ status: "error", errorType: "bad_data", error }, 400);
}

/** Selects by `name{label="value",label=~"regex"}`. Throws on any other expression: the fake knows no more. */
function select(all: readonly ScrapedSeries[], query: string): readonly ScrapedSeries[] {
  const parts = /^([a-zA-Z_:][a-zA-Z0-9_:]*)\{(.*)\}$/s.exec(query);
  if (!parts) throw new Error(`the fake knows only selectors, not ${query}`);
  const [, name = "", inside = ""] = parts;
  const matchers = [...inside.matchAll(/(\w+)(=~|=)("(?:[^"\\]|\\.)*")(?:,|$)/gs)];
  if (matchers.map(([text]) => text).join("") !== inside) throw new Error(`the fake can't read ${query}`);
  return all.filter(
    ({ labels }) =>
      labels["__name__"] === name &&
      matchers.every(([, label = "", operator, quoted = ""]) => {
        const wanted = JSON.parse(quoted.replaceAll("\n", "\\n")) as string;
        const value = labels[label] ?? "";
        return operator === "=" ? value === wanted : new RegExp(`^(?:${wanted})$`, "s").test(value);
      }),
  );
}
