import { describe, expect, test } from "vitest";
import { contentOf, slotContents } from "../../../src/components/render/slot-content.ts";
import type { WorkloadSpec } from "../../../src/types/workload.ts";
import { releaseAt } from "./blue-green-world.ts";

const probe = { path: "/", initialDelaySeconds: 0, periodSeconds: 5, failureThreshold: 3 };
const workload: WorkloadSpec = {
  schemaVersion: 1,
  image: "r/api:1.2.3",
  port: 8080,
  env: [
    { name: "LEVEL", value: "info" },
    { name: "KEY", secretRef: { name: "kv", key: "db" } },
    { name: "PINNED", secretRef: { name: "kv", key: "db", version: "7" } },
  ],
  config: { MODE: "fast" },
  readiness: probe,
  liveness: probe,
  resources: { requests: {}, limits: {} },
};
const warmUp = { path: "/health/ready", statuses: [200, 202] };

describe("content of the slots", () => {
  test.each([
    ["install", "1.2.3", undefined, "one version, no candidate"],
    ["stage", "1.2.3", "1.2.4", "the candidate lies on the slot, production stays"],
    ["swap", "1.2.4", "1.2.4", "production serves the candidate"],
    ["settle", "1.2.4", undefined, "the candidate is the new stable, no swap more"],
  ])("%s: production %s, staged %s", (step, production, staged, _why) => {
    const contents = slotContents(releaseAt(step, workload), warmUp);
    const versionOf = (id: string | undefined) => id?.split("+")[0];
    expect(versionOf(contents.production.buildId)).toBe(production);
    expect(versionOf(contents.staged?.buildId)).toBe(staged);
  });

  test("settling changes nothing of what production serves", () => {
    const [swap, settle] = ["swap", "settle"].map((step) => slotContents(releaseAt(step, workload), warmUp));
    expect(settle?.production).toEqual(swap?.production);
  });

  test("a version is image, port, warm-up and variables; secrets are Key Vault references", () => {
    const { stable } = releaseAt("install", workload);
    expect(contentOf(stable, warmUp)).toEqual({
      buildId: stable.identity,
      linuxFxVersion: "DOCKER|atp.azurecr.io/ingestion:1.2.3",
      settings: {
        WEBSITES_PORT: "8080",
        WEBSITE_SWAP_WARMUP_PING_PATH: "/health/ready",
        WEBSITE_SWAP_WARMUP_PING_STATUSES: "200,202",
        MODE: "fast",
        LEVEL: "info",
        KEY: "@Microsoft.KeyVault(VaultName=kv;SecretName=db)",
        PINNED: "@Microsoft.KeyVault(VaultName=kv;SecretName=db;SecretVersion=7)",
      },
    });
  });
});
