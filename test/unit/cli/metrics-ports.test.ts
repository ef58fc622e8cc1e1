import { describe, expect, it } from "vitest";
import { ofVersions, openCounts } from "../../../src/cli/compose/metrics-ports.ts";
import type { AzureMonitorConfig } from "../../../src/types/azure-monitor.ts";
import type { MetricsConfig } from "../../../src/types/policy.ts";
import type { Versions } from "../../../src/types/versions.ts";
import { aPolicy } from "../../support/builders.ts";
import { startHttpFake } from "../../support/http-fake.ts";
import { createMemoryRuntime } from "../../support/memory-runtime.ts";

const versions: Versions = {
  from: "1.2.3",
  to: "1.2.4",
  identity: { stable: "build-a", candidate: "build-b" },
};

const prometheus = (stable: string, candidate: string): Extract<MetricsConfig, { kind: "prometheus" }> => ({
  kind: "prometheus",
  url: "http://127.0.0.1:9",
  cohort: { label: "version", stable, candidate },
  match: { app: "atp" },
  requests: { metric: "http_requests_total", codeLabel: "code" },
  latency: { metric: "http_request_duration_seconds" },
  exceptions: { metric: "exceptions_total" },
});
const azure = (cohort: AzureMonitorConfig["cohort"]): AzureMonitorConfig => ({
  kind: "azure-monitor",
  workspaceId: "w",
  cohort,
  role: "atp",
  lagSeconds: 120,
});

describe("the versions of a rollout", () => {
  it.each([
    {
      why: "versions",
      cohort: { by: "version", stable: "{from}", candidate: "{to}" },
      filled: { stable: "1.2.3", candidate: "1.2.4" },
    },
    {
      why: "builds",
      cohort: { by: "build", property: "build", stable: "{fromBuild}", candidate: "{toBuild}" },
      filled: { stable: "build-a", candidate: "build-b" },
    },
    {
      why: "amid a text, and more than once",
      cohort: { by: "version", stable: "v{from}", candidate: "{to}+{toBuild}/{to}" },
      filled: { stable: "v1.2.3", candidate: "1.2.4+build-b/1.2.4" },
    },
    {
      why: "one side alone",
      cohort: { by: "version", stable: "main", candidate: "{to}" },
      filled: { stable: "main", candidate: "1.2.4" },
    },
    {
      why: "roles have none, and stay",
      cohort: { by: "role", stable: "atp", candidate: "atp-canary" },
      filled: { stable: "atp", candidate: "atp-canary" },
    },
    {
      why: "what isn't a name of them stays",
      cohort: { by: "role", stable: "{role}", candidate: "{ to }$&" },
      filled: { stable: "{role}", candidate: "{ to }$&" },
    },
  ] as const)("$why", ({ cohort, filled }) => {
    const config = azure(cohort);
    const before = structuredClone(config);
    expect(ofVersions(config, versions)).toEqual({ ...config, cohort: { ...cohort, ...filled } });
    expect(config).toEqual(before);
  });

  it("without identities builds are the versions", () => {
    const config = azure({ by: "build", stable: "{fromBuild}", candidate: "{toBuild}" });
    expect(ofVersions(config, { ...versions, identity: {} })).toMatchObject({
      cohort: { stable: "1.2.3", candidate: "1.2.4" },
    });
  });

  it("a version with characters of a replacement's own is taken as it is", () => {
    const config = azure({ by: "version", stable: "{from}", candidate: "{to}" });
    expect(ofVersions(config, { ...versions, to: "$&{from}$1" })).toMatchObject({
      cohort: { stable: "1.2.3", candidate: "$&{from}$1" },
    });
  });

  it("prometheus and the sandbox are untouched", () => {
    const config = prometheus("stable", "canary");
    expect(ofVersions(config, versions)).toEqual(config);
    expect(ofVersions({ kind: "sandbox" }, versions)).toEqual({ kind: "sandbox" });
  });
});

describe("the counts of a policy", () => {
  const { runtime } = createMemoryRuntime();
  const open = (metrics: MetricsConfig) => openCounts(aPolicy({ metrics }), runtime);

  it("are opened once a rollout is known only where the sides are told by it", async () => {
    const named = await open(azure({ by: "version", stable: "{from}", candidate: "{to}" }));
    expect([named.metrics.name, named.metricsFor?.(versions).name]).toEqual([
      "azure-monitor",
      "azure-monitor",
    ]);
    const roles = await open(azure({ by: "role", stable: "a", candidate: "b" }));
    expect(roles).not.toHaveProperty("metricsFor");
    expect(await open(prometheus("stable", "canary"))).not.toHaveProperty("metricsFor");
  });

  it("the sandbox is refused outside of a rehearsal", async () => {
    await expect(open({ kind: "sandbox" })).rejects.toMatchObject({ code: "not-here", exit: "config" });
  });

  it("each rollout asks for its own two versions", async () => {
    const server = await startHttpFake(() => ({ status: 503 }));
    const { metricsFor } = await openCounts(
      aPolicy({ metrics: { ...prometheus("{from}", "{to}"), url: server.url } }),
      runtime,
    );
    const asked = async (of: Versions) => {
      const before = server.requests.length;
      const nowMs = runtime.clock.now();
      const answer = await metricsFor?.(of).observe({
        sinceMs: nowMs - 600_000,
        nowMs,
        thresholdsMs: [1000],
      });
      expect(answer?.status).toBe("error");
      return decodeURIComponent(
        server.requests
          .slice(before)
          .map(({ url, body }) => url.search + body)
          .join(" "),
      );
    };
    expect(await asked({ ...versions, from: "blue", to: "green" })).toContain('version=~"blue|green"');
    expect(await asked({ ...versions, from: "green", to: "red" })).toContain('version=~"green|red"');
    await server.close();
  });
});
