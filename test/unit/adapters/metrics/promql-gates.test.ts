import { describe, expect, it } from "vitest";
import { custom, errorRate, exceptions, latency, saturation } from "../../../../src/lib/promql/checks.ts";
import type { PromScope } from "../../../../src/lib/promql/scope.ts";
import { promqlProblem } from "../../../../src/lib/promql/whole.ts";

const sides: PromScope = {
  match: { app: "atp" },
  cohort: { label: "version", values: ["stable", "canary"] },
};
const series = '{app="atp",version=~"stable|canary"}';
const all = `sum by (version) (increase(http_requests_total${series}[5m]))`;

describe("error rate", () => {
  it("is of sums, 0 without a series of failures, and quiet below 100 requests", () => {
    const failed =
      'sum by (version) (increase(http_requests_total{app="atp",version=~"stable|canary",code=~"5.."}[5m]))';
    expect(errorRate(sides)).toBe(
      `100 * (${failed} or 0 * ${all}) / ${all}\nand on(version) (${all} >= 100)`,
    );
  });

  it("of everything that matches, by other names, over another window", () => {
    expect(
      errorRate({ windowMinutes: 2 }, { metric: "requests.total", codeLabel: "http.status", minRequests: 1 }),
    ).toBe(
      '100 * (sum (increase({"requests.total","http.status"=~"5.."}[2m])) or 0 * sum (increase({"requests.total"}[2m]))) / sum (increase({"requests.total"}[2m]))\n' +
        'and on() (sum (increase({"requests.total"}[2m])) >= 1)',
    );
  });
});

describe("latency", () => {
  const guard = `and on(version) (sum by (version) (increase(http_request_duration_seconds_count${series}[5m])) >= 100)`;
  const of = (share: string) =>
    `histogram_quantile(${share}, sum by (version, le) (rate(http_request_duration_seconds_bucket${series}[5m])))\n${guard}`;

  it("is a percentile of the summed buckets", () => {
    expect(latency(sides)).toBe(of("0.95"));
    expect(latency(sides, { percentile: 99.9, metric: "http_request_duration_seconds_bucket" })).toBe(
      of("0.999"),
    );
  });

  it.each([1, 5, 29, 57, 58, 99, 99.9, 99.99])("P%d has the share that it says", (percentile) => {
    const share = /^histogram_quantile\(([\d.]+),/.exec(latency({}, { percentile }))?.[1];
    expect(share).toMatch(/^0\.\d{1,4}$/);
    expect(Number(share) * 100).toBeCloseTo(percentile, 9);
  });

  it("of everything together", () => {
    expect(latency({}, { metric: "l_ms", minRequests: 50 })).toBe(
      "histogram_quantile(0.95, sum by (le) (rate(l_ms_bucket{}[5m])))\nand on() (sum (increase(l_ms_count{}[5m])) >= 50)",
    );
  });
});

it("exceptions are a count of each side", () => {
  expect(exceptions(sides)).toBe(`sum by (version) (increase(exceptions_total${series}[5m]))`);
  expect(exceptions({ windowMinutes: 15 }, { metric: "crashes" })).toBe("sum (increase(crashes{}[15m]))");
});

it("saturation is the highest value in the window, or a share", () => {
  const highest = `max by (version) (max_over_time(pool_used${series}[5m]))`;
  expect(saturation(sides, { metric: "pool_used" })).toBe(highest);
  expect(saturation(sides, { metric: "pool_used", of: 50 })).toBe(`100 * ${highest} / 50`);
});

describe("a query of one's own", () => {
  it("loses what is no finite number, has its comments, and is as quiet as the others", () => {
    expect(custom(sides, { query: " checkout_rate # of ) carts\n" })).toBe(
      `((\ncheckout_rate # of ) carts\n) > -Inf) < +Inf\nand on(version) (${all} >= 100)`,
    );
    expect(custom({}, { query: "up", metric: "r", minRequests: 5 })).toBe(
      "((\nup\n) > -Inf) < +Inf\nand on() (sum (increase(r{}[5m])) >= 5)",
    );
  });

  it.each([
    ["", "it is empty"],
    [" # nothing but a comment", "it is empty"],
    ["up) or (vector(1)", "a ) in it closes nothing"],
    ["sum(up", "a ) is missing"],
    ["rate(up[5m)", "a ) in it closes nothing"],
    ["up}", "a } in it closes nothing"],
    ['up{a="b', "a text in it doesn't end"],
    ['up{a="b\n"}', "a text in it doesn't end"],
    ['up{a="b\\"}', "a text in it doesn't end"],
    ["up{a='b}", "a text in it doesn't end"],
    ["up{a=`b}", "a text in it doesn't end"],
    ["up # (\n)", "a ) in it closes nothing"],
  ])("%j is refused: %s", (query, why) => {
    expect(promqlProblem(query)).toBe(why);
    expect(() => custom({}, { query })).toThrow(expect.objectContaining({ code: "config-invalid" }));
  });

  it.each([
    "up",
    '100 * max(db_pool_used{a=")",b=\'"(\',c=`\\`} / db_pool_size)',
    'max_over_time(rate(x{le=~"[0-9]+\\"}"}[5m])[1h:1m]) # (',
    'label_replace(up, "a", "#", "b", "(.*)")',
  ])("%j is whole", (query) => {
    expect(promqlProblem(query)).toBeUndefined();
  });
});

describe("whatever stands in names and values", () => {
  const nasty = 'x"} or up{a="\\\n) # ';
  const scope: PromScope = {
    match: { app: nasty, [nasty]: "y" },
    cohort: { label: nasty, values: [nasty, "a|b"] },
  };
  const emitted = {
    "error rate": errorRate(scope, { metric: nasty, codeLabel: nasty }),
    latency: latency(scope, { metric: nasty }),
    exceptions: exceptions(scope, { metric: nasty }),
    saturation: saturation(scope, { metric: nasty, of: 3 }),
    custom: custom(scope, { query: "up", metric: nasty }),
  };

  it.each(Object.entries(emitted))("%s stays one expression, with all of it in texts", (_, query) => {
    expect(promqlProblem(query)).toBeUndefined();
    const outside = query.replaceAll(/"(?:[^"\\\n]|\\.)*"/g, "TEXT");
    expect(outside).not.toMatch(/\bup\{|["\\#]/);
  });

  it("exactly", () => {
    const text = '"x\\"} or up{a=\\"\\\\\\n) # "';
    const one = '"x\\"\\\\} or up\\\\{a=\\"\\\\\\\\\\n\\\\) # |a\\\\|b"';
    expect(emitted.exceptions).toBe(
      `sum by (${text}) (increase({${text},app=${text},${text}="y",${text}=~${one}}[5m]))`,
    );
  });
});

describe("what proves nothing is refused", () => {
  it.each<[string, () => string]>([
    ["minRequests", () => errorRate({}, { minRequests: 0 })],
    ["minRequests", () => latency({}, { minRequests: Number.NaN })],
    ["minRequests", () => custom({}, { query: "up", minRequests: Number.POSITIVE_INFINITY })],
    ["percentile", () => latency({}, { percentile: 0 })],
    ["percentile", () => latency({}, { percentile: 100 })],
    ["percentile", () => latency({}, { percentile: Number.NaN })],
    ["of", () => saturation({}, { metric: "m", of: 0 })],
    ["of", () => saturation({}, { metric: "m", of: Number.POSITIVE_INFINITY })],
    ["windowMinutes", () => exceptions({ windowMinutes: 0 })],
    ["windowMinutes", () => exceptions({ windowMinutes: 1.5 })],
    ["cohort.values", () => exceptions({ cohort: { label: "version", values: [] } })],
  ])("%s", (path, emit) => {
    expect(emit).toThrow(
      expect.objectContaining({ code: "config-invalid", issues: [expect.objectContaining({ path })] }),
    );
  });
});
