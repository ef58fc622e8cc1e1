import { beforeAll, describe, expect, it } from "vitest";
import type { EnvironmentPolicy } from "../../../src/types/policy.ts";
import { checkRules, expectFired, type RuleArgs, type Series } from "../../support/promtool.ts";
import { policyOf, production, register } from "../components/alerts-world.ts";

// The rules as they are registered, read and evaluated by Prometheus' own promtool.

const minutes = 60_000;
const prometheus = {
  kind: "prometheus",
  url: "http://prometheus:9090",
  match: { app: "atp" },
  cohort: { label: "version", stable: "stable", candidate: "canary" },
};

async function rulesOf(policy: EnvironmentPolicy): Promise<ReadonlyMap<string, RuleArgs>> {
  const { resources } = await register(policy);
  const groups = resources.filter(({ type }) => type.endsWith(":PrometheusRuleGroup"));
  const rules = groups.flatMap(({ inputs }) => inputs["rules"] as RuleArgs[]);
  return new Map(rules.map((rule) => [rule.alert.replace("atp-ingestion-prod-", ""), rule]));
}

let rules: ReadonlyMap<string, RuleArgs>;
beforeAll(async () => {
  const slo = { throughput: { target: 100, warning: 80, critical: 20 } };
  const pool = { kind: "prometheus", url: "http://p", query: "100 * db_used / db_max # percent" };
  const none = { kind: "none", reason: "not here" };
  rules = await rulesOf(
    production({ metrics: prometheus, slo, watch: { dbPool: pool, queue: none, memory: none } }),
  );
  // Installs it where it is missing, outside of a test's clock.
  await checkRules([...rules.values()]);
}, 10 * minutes);

const at = (
  id: string,
  series: Series,
  expected: { minute: number; alerts: readonly Record<string, string>[] },
) => {
  const rule = rules.get(id);
  if (rule === undefined) throw new Error(`${id} is not among ${[...rules.keys()]}`);
  return expectFired(rule, series, expected);
};

const counter = (version: string, code: number) =>
  `http_requests_total{app="atp",version="${version}",code="${code}"}`;
const canary = [{ version: "canary" }];

it("Prometheus reads the rules of all stacks", async () => {
  for (const stack of ["test", "staging", "prod"]) {
    const found = await rulesOf(await policyOf(stack));
    expect(found.size).toBeGreaterThan(2);
    await checkRules([...found.values()]);
  }
}, 60_000);

describe("error-rate: above 1 % for two consecutive minutes", () => {
  /** 400 requests a minute, of which 3 % fail. */
  const failing = { [counter("canary", 200)]: "0+97x40", [counter("canary", 500)]: "0+3x40" };

  it("fires for the version that fails, after two minutes and not after one", async () => {
    const beside = { ...failing, [counter("stable", 200)]: "0+2000x40", [counter("stable", 500)]: "0+2x40" };
    await at("error-rate", beside, { minute: 2, alerts: canary });
    await at("error-rate", beside, { minute: 1, alerts: [] });
  });

  it.each<[string, Series]>([
    [
      "is over after a minute",
      { [counter("canary", 200)]: "0+97x40", [counter("canary", 500)]: "0+3x4 12+0x40" },
    ],
    ["is exactly at the limit", { [counter("canary", 200)]: "0+99x40", [counter("canary", 500)]: "0+1x40" }],
    ["has too few requests", { [counter("canary", 500)]: "0+20x40" }],
    ["has no failures at all", { [counter("canary", 200)]: "0+100x40" }],
    ["is another service", { 'http_requests_total{app="billing",version="canary",code="500"}': "0+100x40" }],
  ])("not where it %s", async (_, series) => {
    await at("error-rate", series, { minute: 2, alerts: [] });
  });
});

it("p95-latency: above 1 s for five consecutive minutes", async () => {
  const bucket = (le: string) =>
    `http_request_duration_seconds_bucket{app="atp",version="canary",le="${le}"}`;
  const histogram = (within: number): Series => ({
    [bucket("0.5")]: `0+${within}x40`,
    [bucket("1")]: `0+${within}x40`,
    [bucket("2.5")]: "0+100x40",
    [bucket("+Inf")]: "0+100x40",
    'http_request_duration_seconds_count{app="atp",version="canary"}': "0+100x40",
  });
  await at("p95-latency", histogram(94), { minute: 5, alerts: canary });
  await at("p95-latency", histogram(94), { minute: 4, alerts: [] });
  await at("p95-latency", histogram(95), { minute: 5, alerts: [] });
});

it("exceptions: more than 10 within 15 minutes", async () => {
  const thrown = (values: string): Series => ({ 'exceptions_total{app="atp",version="canary"}': values });
  // One a minute, and two.
  await at("exceptions", thrown("0+0.25x100"), { minute: 20, alerts: canary });
  await at("exceptions", thrown("0+0.15x100"), { minute: 20, alerts: [] });
});

describe("health", () => {
  const probe = (url: string, values: string): Series => ({ [`probe_success{instance="${url}"}`]: values });
  const pods = { [counter("canary", 200)]: "0+10x40" };
  const down = probe("https://c.example/health", "0+0x40");

  it("fires where an endpoint of the candidate fails three times, while it has pods", async () => {
    const alerts = [{ instance: "https://c.example/health" }];
    await at("health", { ...down, ...pods }, { minute: 2, alerts });
    await at("health", { ...down, ...pods }, { minute: 1, alerts: [] });
    await at("health", down, { minute: 5, alerts: [] });
    await at(
      "health",
      { ...probe("https://c.example/health", "0+0x4 1+0x40"), ...pods },
      { minute: 2, alerts: [] },
    );
  });

  it("stable's endpoints are always judged", async () => {
    const alerts = [{ instance: "https://s.example/health" }];
    await at("health-stable", probe("https://s.example/health", "0+0x40"), { minute: 2, alerts });
    await at("health-stable", probe("https://s.example/health", "1+0x40"), { minute: 2, alerts: [] });
  });
});

it("a level: above its limit for three minutes; a NaN and an infinity are none", async () => {
  const used = (values: string): Series => ({ db_used: values, db_max: "50+0x40" });
  await at("db-pool", used("46+0x40"), { minute: 3, alerts: [{}] });
  await at("db-pool", used("46+0x40"), { minute: 2, alerts: [] });
  await at("db-pool", used("45+0x40"), { minute: 5, alerts: [] });
  await at("db-pool", { db_used: "46+0x40", db_max: "0+0x40" }, { minute: 5, alerts: [] });
});

describe("objectives", () => {
  it("availability is of the service, error rate of the version", async () => {
    const series = {
      [counter("canary", 200)]: "0+80x40",
      [counter("canary", 500)]: "0+20x40",
      [counter("stable", 200)]: "0+3900x40",
    };
    const worse = { ...series, [counter("stable", 500)]: "0+10x40" };
    await at("slo-error-rate-critical", series, { minute: 6, alerts: canary });
    // 20 of 4,000 fail: exactly the warning's threshold.
    await at("slo-availability-warning", series, { minute: 6, alerts: [] });
    await at("slo-availability-warning", worse, { minute: 6, alerts: [{}] });
    await at("slo-availability-critical", worse, { minute: 6, alerts: [] });
  });

  it("throughput: silence is below every limit", async () => {
    await at("slo-throughput-critical", {}, { minute: 1, alerts: [{}] });
    // 300 in 15 s are 20 a second.
    await at("slo-throughput-critical", { [counter("stable", 200)]: "0+300x40" }, { minute: 6, alerts: [] });
    await at(
      "slo-throughput-critical",
      { [counter("stable", 200)]: "0+299x40" },
      { minute: 6, alerts: [{}] },
    );
  });
});

it("burn-1h: in the hour and in its last five minutes", async () => {
  // An hour is 240 samples. 1.44 % of failures are the limit.
  const burning = (failed: string): Series => ({
    [counter("stable", 200)]: "0+1000x260",
    [counter("stable", 500)]: failed,
  });
  await at("burn-1h", burning("0+15x260"), { minute: 62, alerts: [{}] });
  await at("burn-1h", burning("0+14x260"), { minute: 62, alerts: [] });
  await at("burn-1h", burning("0+20x220 4400+0x40"), { minute: 62, alerts: [] });
  await at("burn-1h", burning("0+0x240 0+100x20"), { minute: 62, alerts: [] });
}, 60_000);
