import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { judge } from "../../src/analysis/judge.ts";
import { aPolicy, healthy } from "../support/builders.ts";
import { startAzureMonitorFake } from "../support/http-fake-azure-monitor.ts";
import { startPrometheusFake } from "../support/http-fake-prometheus.ts";
import * as sources from "./no-data-sources.ts";
import {
  type AskGauge,
  type AskMetrics,
  type Fakes,
  look,
  type Trouble,
  troubles,
} from "./no-data-sources.ts";

let fakes: Fakes;
beforeAll(async () => {
  fakes = { prometheus: await startPrometheusFake(), azure: await startAzureMonitorFake() };
});
afterAll(async () => {
  await Promise.all([fakes.prometheus.close(), fakes.azure.close()]);
});

type Status = "value" | "empty" | "error";

/** What each source answers. A value under trouble is what is left of the data: of a silent side it holds nothing. */
const ofMetrics: Readonly<Record<Trouble, Status>> = {
  none: "value",
  empty: "empty",
  NaN: "error",
  null: "error",
  error: "error",
  partial: "error",
  late: "empty",
  "one arm silent": "value",
  "both silent": "empty",
  "wrong version label": "value",
};
/** A gauge has no sides: both are one of its series, and a wrong label finds none. */
const ofGauges: Readonly<Record<Trouble, Status>> = { ...ofMetrics, "wrong version label": "empty" };

describe.each<[string, AskMetrics]>([
  ["prometheus", sources.prometheus],
  ["azure-monitor", sources.azureMonitor],
])("no data: %s", (_, ask) => {
  it.each(troubles)("%s", async (trouble) => {
    const answer = await ask(trouble, fakes);
    expect([answer.status, "message" in answer ? answer.message : ""]).toEqual([
      ofMetrics[trouble],
      expect.stringMatching(answer.status === "value" ? /^$/ : /./),
    ]);
    if (answer.status === "value") {
      // Every bin that is there is one that was heard of: a silent side has none, and no bin is a false 0.
      expect(answer.stable.bins.length).toBeGreaterThan(50);
      expect(answer.candidate.bins.length > 50).toBe(trouble === "none");
      expect([...answer.stable.bins, ...answer.candidate.bins].every(({ n }) => n === 20)).toBe(true);
    }
  });

  it.each(troubles)("%s: passes no gate", async (trouble) => {
    const metrics = await ask(trouble, fakes);
    const times = { exposedSinceMs: look.sinceMs, confirmedAtMs: look.sinceMs, nowMs: look.nowMs };
    const readings = judge({ gates: aPolicy().gates, metrics, health: healthy, ...times });
    const verdicts = readings.filter(({ gate }) => gate === "error-rate" || gate === "exceptions");
    expect(verdicts).toHaveLength(2);
    for (const { verdict } of verdicts) {
      if (trouble === "none") expect(verdict).toBe("pass");
      else expect(["no-data", "error"]).toContain(verdict);
    }
  });
});

interface GaugeRow {
  readonly ask: AskGauge;
  readonly over?: Partial<Record<Trouble, Status>>;
  readonly can?: readonly Trouble[];
}
const gauges: Readonly<Record<string, GaugeRow>> = {
  prometheus: { ask: sources.prometheusGauge },
  // A minute in which nothing was measured has no value there, which is silence.
  "azure-metrics": { ask: sources.azureMetrics, over: { null: "empty" } },
  "azure-logs": { ask: sources.azureLogs },
  command: { ask: sources.command, can: sources.commandTroubles },
};

for (const [name, { ask, over, can = troubles }] of Object.entries(gauges)) {
  describe(`no data: gauge ${name}`, () => {
    it.each(can)("%s", async (trouble) => {
      const answer = await ask(trouble, fakes);
      expect([answer.status, "message" in answer ? answer.message : ""]).toEqual([
        { ...ofGauges, ...over }[trouble],
        expect.stringMatching(answer.status === "value" ? /^$/ : /./),
      ]);
      if (answer.status !== "value") return;
      expect(answer.samples.length).toBeGreaterThan(0);
      expect(new Set(answer.samples.map(({ value }) => value))).toEqual(new Set([20]));
    });
  });
}
