import { describe, expect, it } from "vitest";
import { normalizeOrThrow } from "../../../src/config/normalize.ts";
import { validConfig } from "./valid-config.ts";

const ratio = { kind: "replica-ratio", namespace: "atp-prod" };
const policyOf = (more: object) => normalizeOrThrow({ written: { ...validConfig, ...more }, stack: "prod" });
const asked = (stable: string) => ({
  health: { kind: "http", candidate: ["http://atp-ingestion-canary/health"], stable: [stable] },
});
const apart = asked("http://atp-ingestion-stable.atp-prod/health");

describe("the lever replica-ratio", () => {
  it.each([
    {
      why: "its Service is named after the service",
      written: {},
      service: "atp-ingestion",
      origin: "default",
    },
    { why: "or as it is written", written: { service: "front" }, service: "front", origin: "config" },
  ])("$why", ({ written, service, origin }) => {
    const { lever, origins, platform } = policyOf({ ...apart, lever: { ...ratio, ...written } });
    expect(lever).toEqual({ ...ratio, service });
    expect([origins["lever.service"], platform]).toEqual([origin, "kubernetes"]);
  });

  it("takes a cluster", () => {
    const written = { ...ratio, service: "front", kubeconfig: "/k", context: "c" };
    expect(policyOf({ ...apart, lever: written }).lever).toEqual(written);
  });

  it.each([
    { why: "a namespace is needed", lever: { kind: "replica-ratio" }, path: "rollout.lever.namespace" },
    { why: "there is no route", lever: { ...ratio, route: "x" }, path: "rollout.lever.route" },
    { why: "no Service has such a name", lever: { ...ratio, service: "A B" }, path: "rollout.lever.service" },
  ])("refused: $why", ({ lever, path }) => {
    expect(() => policyOf({ ...apart, lever })).toThrow(
      expect.objectContaining({ code: "config-invalid", path }),
    );
  });

  it("tells no tenants", () => {
    const cohort = { by: "tenant", header: "X-Tenant-Id", tenants: ["acme"] };
    expect(() => policyOf({ ...apart, lever: ratio, cohort })).toThrow(
      expect.objectContaining({ code: "config-invalid", path: "rollout.lever.kind" }),
    );
  });
});

describe("stable's health is asked of stable alone", () => {
  const shared = [
    "http://atp-ingestion/health",
    "http://atp-ingestion:80/health",
    "http://atp-ingestion.atp-prod/health",
    "http://atp-ingestion.atp-prod.svc.cluster.local/health",
  ];
  it.each(shared)("not by the Service that users call: %s", (url) => {
    expect(() => policyOf({ ...asked(url), lever: ratio })).toThrow(
      expect.objectContaining({
        code: "config-invalid",
        path: "rollout.health.stable[0]",
        hint: expect.stringContaining("http://atp-ingestion-stable.atp-prod/health/ready"),
      }),
    );
    // Beside a router it is stable's own.
    expect(policyOf({ ...asked(url), lever: { kind: "http-route", namespace: "atp-prod" } })).toBeDefined();
  });

  it.each([
    "http://atp-ingestion-stable/health",
    "http://atp-ingestion.other/health",
    "http://atp-ingestion.atp-prod.example/health",
  ])("another host is none of ours: %s", (url) => {
    expect(policyOf({ ...asked(url), lever: ratio }).health).toMatchObject({ stable: [url] });
  });
});
