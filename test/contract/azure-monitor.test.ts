import { afterEach } from "vitest";
import type { AzureMonitorConfig } from "../../src/types/azure-monitor.ts";
import {
  azureConfig,
  binItems,
  openAzureMonitor,
  resourceId,
  type SideColumns,
} from "../support/azure-monitor-world.ts";
import { type AzureMonitorFake, startAzureMonitorFake } from "../support/http-fake-azure-monitor.ts";
import { metricsSuite, originMs } from "./metrics-suite.ts";

const servers: AzureMonitorFake[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

interface Kind {
  readonly over: Partial<AzureMonitorConfig>;
  readonly side: (value: string) => SideColumns;
}
const kinds: Readonly<Record<string, Kind>> = {
  "a workspace, by version": { over: {}, side: (value) => ({ AppVersion: value }) },
  "a workspace, by role": {
    over: { cohort: { by: "role", stable: "1.2.3", candidate: "1.2.4" } },
    side: (value) => ({ AppRoleName: value }),
  },
  "a resource, by build": {
    over: {
      resourceId,
      cohort: { by: "build", property: "build-id", stable: "1.2.3", candidate: "1.2.4" },
      role: "atp-ingestion",
    },
    side: (value) => ({ Properties: { "build-id": value } }),
  },
};

for (const [name, { over, side }] of Object.entries(kinds)) {
  metricsSuite(`azure-monitor, ${name}`, async () => {
    const fake = await startAzureMonitorFake();
    servers.push(fake);
    return {
      metrics: openAzureMonitor(azureConfig(fake.url, over)).metrics,
      load: async ({ candidate, stable }) => {
        // Stable goes on after the suite's bins, as traffic does: its newest row shows how far telemetry has come.
        const goesOn = stable && [{ atMs: originMs + stable.length * 10_000, columns: side("1.2.3") }];
        fake.telemetry = [
          ...binItems(candidate ?? [], originMs, side("1.2.4")),
          ...binItems(stable ?? [], originMs, side("1.2.3")),
          ...(goesOn ?? []),
        ];
      },
      breakIt: () => fake.close(),
    };
  });
}
