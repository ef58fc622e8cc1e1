import { describe, expect, it } from "vitest";
import { serviceReading } from "../../../src/analysis/service-down.ts";
import type { CohortBin, HealthStatus, MetricsAnswer } from "../../../src/types/observation.ts";

const watermarkMs = Date.UTC(2026, 0, 15, 10);

function bin(agoSeconds: number, n: number, errors: number): CohortBin {
  const startMs = watermarkMs - agoSeconds * 1000;
  return { startMs, n, errors, slow: {}, exceptions: 0, weightSquared: n };
}

function counts(stable: readonly CohortBin[], candidate: readonly CohortBin[] = []): MetricsAnswer {
  const both = { candidate: { bins: candidate }, stable: { bins: stable } };
  return { status: "value", binMs: 10_000, watermarkMs, ...both };
}

const ok: HealthStatus = { status: "ok" };
const unhealthy: HealthStatus = { status: "unhealthy", httpStatus: 503, path: "/health/ready" };
const silent: HealthStatus = { status: "no-answer", message: "timed out" };
const empty: MetricsAnswer = { status: "empty", message: "no rows" };
const broken: MetricsAnswer = { status: "error", message: "HTTP 500" };

const of = (health: HealthStatus, metrics: MetricsAnswer) =>
  serviceReading({ health, metrics, minRequests: 100 }).service;

// The guide: availability below 99.0 % is critical. Exactly the limit isn't below it.
describe("whether the service is down", () => {
  it.each([
    ["99.0 %: exactly the limit", ok, counts([bin(10, 1000, 10)]), "up"],
    ["98.9 %", ok, counts([bin(10, 1000, 11)]), "down"],
    ["the canary's requests count", ok, counts([bin(10, 1000, 0)], [bin(10, 100, 100)]), "down"],
    ["what is older than a minute doesn't", ok, counts([bin(70, 1000, 1000), bin(10, 1000, 0)]), "up"],
    ["too few requests to say", ok, counts([bin(10, 99, 99)]), "up"],
    ["no requests, and healthy", ok, empty, "up"],
    ["a source in trouble says nothing", ok, broken, "unknown"],
    ["stable is unhealthy, whatever the requests", unhealthy, counts([bin(10, 1000, 0)]), "down"],
    ["stable is unhealthy, and nothing is counted", unhealthy, broken, "down"],
    ["no answer, but the requests succeed", silent, counts([bin(10, 1000, 0)]), "unknown"],
    ["no answer, and the requests fail", silent, counts([bin(10, 1000, 500)]), "down"],
    ["no answer, and nothing is counted", silent, empty, "down"],
    ["no answer, and the source is in trouble", silent, broken, "down"],
  ] as const)("%s", (_what, health, metrics, service) => {
    expect(of(health, metrics)).toBe(service);
  });

  it("says why", () => {
    const low = serviceReading({ health: ok, metrics: counts([bin(10, 1000, 30)]), minRequests: 100 });
    expect(low).toEqual({ service: "down", why: "availability 97.00 % in 1 min, limit 99 %" });
    expect(serviceReading({ health: unhealthy, metrics: empty, minRequests: 1 })).toEqual({
      service: "down",
      why: "stable's /health/ready answers 503",
    });
  });
});
