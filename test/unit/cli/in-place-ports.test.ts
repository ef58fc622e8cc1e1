import { describe, expect, it } from "vitest";
import { openPorts } from "../../../src/cli/compose/ports.ts";
import { normalizeOrThrow } from "../../../src/config/normalize.ts";
import { unwatched } from "../../support/builders.ts";
import { createMemoryRuntime } from "../../support/memory-runtime.ts";

const written = {
  service: "atp-ingestion",
  metrics: {
    kind: "prometheus",
    url: "http://127.0.0.1:9",
    cohort: { stable: "stable", candidate: "canary" },
  },
  health: { kind: "http", candidate: ["http://127.0.0.1:9/canary"], stable: ["http://127.0.0.1:9/stable"] },
  lever: { kind: "http-route", namespace: "atp-prod" },
  watch: unwatched,
};

describe("the lever follows the strategy", () => {
  const table = [
    { rollout: { preset: "production" }, lever: "HTTPRoute atp-prod/atp-ingestion", inPlace: false },
    {
      rollout: { preset: "production", strategy: "rolling" },
      lever: "Deployment atp-prod/atp-ingestion",
      inPlace: true,
    },
    { rollout: { preset: "test" }, lever: "Deployment atp-prod/atp-ingestion", inPlace: true },
    { rollout: { preset: "hotfix" }, lever: "Deployment atp-prod/atp-ingestion", inPlace: true },
  ];
  it.each(table)("$rollout.preset $rollout.strategy: $lever", async ({ rollout, lever, inPlace }) => {
    const policy = normalizeOrThrow({ written: { ...written, ...rollout }, stack: "prod" });
    const { runtime } = createMemoryRuntime();
    const asked: string[] = [];
    const fetch: typeof globalThis.fetch = async (input) => {
      asked.push(String(input instanceof Request ? input.url : input));
      return new Response("ok");
    };
    const ports = await openPorts(policy, { ...runtime, fetch }, { projectDir: ".", env: {} });
    expect(ports.lever.name).toBe(lever);
    expect(ports.leverFor?.({ stable: "a", candidate: "b" }).name).toBe(inPlace ? lever : undefined);
    await ports.health.probe({ tries: 1, timeoutMs: 100 });
    // In place there is no Service of a candidate.
    expect(asked.sort()).toEqual([
      ...(inPlace ? [] : ["http://127.0.0.1:9/canary"]),
      "http://127.0.0.1:9/stable",
    ]);
  });
});
