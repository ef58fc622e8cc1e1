import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import * as z from "zod";
import { createAzureMonitorMetrics } from "../../../src/adapters/metrics/azure-monitor/azure-monitor.ts";
import { totalsQuery } from "../../../src/adapters/metrics/azure-monitor/totals.ts";
import { errorRate, exceptions, latency, saturation } from "../../../src/lib/kql/checks.ts";
import { workspaceTables } from "../../../src/lib/kql/tables.ts";
import type { AzureMonitorConfig } from "../../../src/types/azure-monitor.ts";
import { monitorCredential, startAzureMonitorFake } from "../../support/http-fake-azure-monitor.ts";
import { checkKql } from "../../support/kusto.ts";
import { createMemoryRuntime } from "../../support/memory-runtime.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/azure-monitor.md"), "utf8");
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)\\n\`\`\`$`, "gm"))].map(
    ([, text = ""]) => text,
  );
const [look = "", ...checks] = blocks("kusto");
const [written = ""] = blocks("yaml");

/** The config of the page's own example. */
function config(): AzureMonitorConfig {
  const { metrics } = z.object({ metrics: z.record(z.string(), z.unknown()) }).parse(parse(written));
  return metrics as unknown as AzureMonitorConfig;
}

describe("docs/azure-monitor.md", () => {
  it("shows the query of a look as it is sent, for the config that it shows", async () => {
    const fake = await startAzureMonitorFake();
    const { runtime } = createMemoryRuntime();
    const metrics = createAzureMonitorMetrics({
      config: { ...config(), endpoint: fake.url },
      runtime,
      credential: monitorCredential,
    });
    const sinceMs = Date.UTC(2026, 0, 15, 10);
    await metrics.observe({ sinceMs, nowMs: sinceMs + 15 * 60_000, thresholdsMs: [1000] });
    await fake.close();
    const [{ query } = { query: "" }] = fake.requests.map(
      ({ body }) => JSON.parse(body) as { query: string },
    );
    expect(look).toBe(query);
  });

  it("shows the checks for alert rules and the totals as they are written", () => {
    const { cohort, role } = config();
    const of = (values: readonly string[]) => ({
      tables: workspaceTables,
      cohort: { by: cohort.by, values },
      ...(role === undefined ? {} : { role }),
    });
    const sides = of([cohort.stable, cohort.candidate]);
    expect(checks).toEqual([
      errorRate(sides),
      latency(sides),
      exceptions(sides),
      saturation(sides, { metric: "db_pool_in_use", of: 50 }),
      totalsQuery({
        tables: workspaceTables,
        roles: role === undefined ? [] : [role],
        fromMs: Date.UTC(2025, 11, 16, 10),
        toMs: Date.UTC(2026, 0, 15, 10),
      }),
    ]);
  });

  it("has no query that Kusto would refuse", () => {
    expect(blocks("kusto").flatMap((kql) => checkKql(kql).problems)).toEqual([]);
  });
});
