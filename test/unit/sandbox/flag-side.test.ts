import { describe, expect, it } from "vitest";
import { betaExposure } from "../../../src/lib/strategies.ts";
import { parseFlag, printFlag } from "../../../src/plan/flag-json.ts";
import { flagContentType, flagKey, withEnabled } from "../../../src/plan/flag-value.ts";
import { flagAt } from "../../../src/plan/render-flag.ts";
import { createVirtualClock } from "../../../src/sandbox/clock.ts";
import { parseFault } from "../../../src/sandbox/faults.ts";
import { foreignTenant } from "../../../src/sandbox/flags/edit.ts";
import { createSandboxFlagHealth, createSandboxFlagMetrics } from "../../../src/sandbox/flags/ports.ts";
import { createFlagSide, type FlagSideOptions } from "../../../src/sandbox/flags/side.ts";
import { inventedTenants } from "../../../src/sandbox/flags/tenants.ts";
import { createSandboxGauges } from "../../../src/sandbox/gauges.ts";
import { together } from "../../../src/sandbox/observed.ts";
import { createSandbox } from "../../../src/sandbox/sandbox.ts";
import type { FlagSpec } from "../../../src/types/flag-config.ts";
import { MINUTE, SECOND, START_MS } from "./world.ts";

const spec: FlagSpec = {
  schemaVersion: 1,
  kind: "flag",
  id: "AuditTrail.NewTamperProofAlgorithm",
  description: "",
  by: "targeting",
  beta: { users: ["tenant-beta-001"], groups: [{ name: "beta-testers", percentage: 100 }] },
  exclude: { users: [], groups: [] },
  telemetry: false,
};
const id = { key: flagKey(spec.id), label: "prod" };

function open(faults: readonly string[] = [], more: Partial<FlagSideOptions> = {}) {
  const clock = createVirtualClock({ startMs: START_MS });
  const side = createFlagSide({
    clock,
    startMs: START_MS,
    seed: 1,
    spec,
    id,
    refreshMs: 5 * SECOND,
    tenants: inventedTenants(spec),
    faults: faults.map(parseFault),
    ...more,
  });
  const write = (exposure: number) =>
    side.store.put(id, { value: printFlag(flagAt(spec, exposure)), content_type: flagContentType });
  const off = () => {
    const there = side.store.get(id);
    const flag = parseFlag(there?.value ?? "");
    return side.store.put(id, { ...there, value: printFlag(withEnabled(flag, false)) });
  };
  const look = async (sinceMs: number) => {
    const query = { sinceMs, nowMs: clock.now(), thresholdsMs: [1000] };
    return await createSandboxFlagMetrics(side).observe(query);
  };
  return { clock, side, write, off, look };
}

describe("applications that read a flag", () => {
  it("show a write each at a moment of its own, all of them within one interval", async () => {
    const { clock, side, write } = open();
    write(100);
    const seen: number[] = [];
    for (let at = 0; at < 60; at++) {
      seen.push(Math.round(side.share() * 8));
      await clock.advance(100);
    }
    expect(seen[0]).toBe(0);
    expect(seen.at(-1)).toBe(8);
    expect([...seen].sort((a, b) => a - b)).toEqual(seen);
    expect(new Set(seen)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8]));
    const [before, now] = side.clients.history;
    expect(before?.keyValue).toBeUndefined();
    expect((now?.shownAtMs ?? 0) - (now?.atMs ?? 0)).toBe(4688);
  });

  it("read at multiples of their interval, whenever it is written", async () => {
    const moments: number[] = [];
    for (const offsetMs of [0, 1, 2_500, 4_999, 5_000, 61_234]) {
      const { clock, side, write } = open([], { clients: 1, refreshMs: 30 * SECOND });
      await clock.advance(offsetMs);
      write(100);
      await clock.advance(MINUTE);
      side.share();
      const { atMs = 0, shownAtMs = 0 } = side.clients.history.at(-1) ?? {};
      expect(shownAtMs - atMs).toBeLessThan(30 * SECOND);
      moments.push((shownAtMs - START_MS) % (30 * SECOND));
    }
    expect(new Set(moments)).toEqual(new Set([15 * SECOND]));
  });

  it("miss a write that the next one overtakes", async () => {
    const { clock, side, write, off } = open([], { clients: 1, refreshMs: MINUTE });
    write(100);
    await clock.advance(10 * SECOND);
    off();
    await clock.advance(2 * MINUTE);
    expect(side.share()).toBe(0);
    expect(side.traffic.between(START_MS, clock.now()).map(({ flow }) => flow.cohort)).not.toContain(
      "candidate",
    );
    expect(side.offShownMs()).toBe(20 * SECOND);
  });

  it("tell from when on nobody shows the flag", async () => {
    const { clock, side, write, off } = open();
    expect(side.offShownMs()).toBeUndefined();
    write(50);
    await clock.advance(MINUTE);
    expect(side.offShownMs()).toBeUndefined();
    off();
    await clock.advance(4 * SECOND);
    expect(side.share()).toBeGreaterThan(0);
    expect(side.offShownMs()).toBeUndefined();
    await clock.advance(SECOND);
    expect(side.share()).toBe(0);
    expect(side.offShownMs()).toBe(4688);
  });

  it("go on with what they have while the store throttles, or what stands there is no JSON", async () => {
    const { clock, side, write, off } = open(["flag-throttle@flag-50:1m"]);
    write(50);
    await clock.advance(10 * SECOND);
    const share = side.share();
    off();
    await clock.advance(40 * SECOND);
    expect(side.share()).toBe(share);
    await clock.advance(20 * SECOND);
    expect(side.share()).toBe(0);
    write(50);
    await clock.advance(10 * SECOND);
    side.store.put(id, { value: "{ broken", content_type: flagContentType });
    await clock.advance(10 * SECOND);
    expect(side.share()).toBe(share);
  });

  it("read no other label", async () => {
    const { clock, side } = open();
    const value = printFlag(flagAt(spec, 100));
    side.store.put({ key: id.key }, { value, content_type: flagContentType });
    await clock.advance(MINUTE);
    expect(side.share()).toBe(0);
    expect(side.clients.history).toHaveLength(1);
  });
});

describe("telemetry by the feature", () => {
  it("splits the requests by who has it: the named first, then a share of all", async () => {
    const { clock, write, look } = open();
    const shares: number[] = [];
    for (const exposure of [betaExposure, 25, 100]) {
      write(exposure);
      await clock.advance(MINUTE);
      const sinceMs = clock.now();
      await clock.advance(5 * MINUTE);
      const answer = await look(sinceMs);
      if (answer.status !== "value") throw new Error(answer.message);
      const sum = (side: "candidate" | "stable") => answer[side].bins.reduce((all, { n }) => all + n, 0);
      shares.push(sum("candidate") / (sum("candidate") + sum("stable")));
      expect(answer.candidate.bins).toHaveLength(30);
    }
    const [beta = 0, quarter = 0, all] = shares;
    // One by name and one in twenty of the 200 invented ones.
    expect(beta).toBeCloseTo(11 / 201, 3);
    expect(quarter).toBeGreaterThan(0.2);
    expect(quarter).toBeLessThan(0.4);
    expect(all).toBe(1);
  });

  it("shows faults where the feature is on, from when every application shows their phase until none does", async () => {
    const { clock, side, write, off, look } = open(["errors=5%@flag-25"]);
    write(10);
    await clock.advance(5 * MINUTE);
    write(25);
    const phaseMs = clock.now();
    await clock.advance(5 * MINUTE);
    off();
    await clock.advance(5 * MINUTE);
    expect(side.share()).toBe(0);
    const answer = await look(START_MS);
    if (answer.status !== "value") throw new Error(answer.message);
    const ill = answer.candidate.bins.filter(({ n, errors }) => errors * 100 > n * 4);
    expect(ill[0]?.startMs).toBe(phaseMs + 10 * SECOND);
    // The last application goes off 4.7 s after the write.
    expect(ill.at(-1)?.startMs).toBe(phaseMs + 5 * MINUTE);
    expect(answer.stable.bins.every(({ n, errors }) => errors * 100 < n)).toBe(true);
  });

  it.each([
    ["metrics-outage@beta", "error", "fault metrics-outage"],
    ["silent-canary@beta", "empty", "no data with the feature on (fault silent-canary)"],
  ])("%s: %s", async (fault, status, said) => {
    const { clock, write, look } = open([fault]);
    write(betaExposure);
    await clock.advance(MINUTE);
    const answer = await look(START_MS);
    expect(answer).toMatchObject({ status, message: expect.stringContaining(said) });
  });

  it("health is the service's, unless the feature makes it ill while it is on", async () => {
    const { clock, side, write, off } = open(["health=503@flag-10"]);
    const service = { status: "no-answer", message: "gone" } as const;
    const probe = async (of?: typeof service) => {
      const health = of && { name: "service", probe: async () => ({ candidate: of, stable: of }) };
      return (await createSandboxFlagHealth(side, health).probe({ tries: 1, timeoutMs: 1 })).stable;
    };
    expect(await probe()).toEqual({ status: "ok" });
    expect(await probe(service)).toEqual(service);
    write(10);
    await clock.advance(MINUTE);
    expect(await probe()).toMatchObject({ status: "unhealthy", httpStatus: 503 });
    off();
    await clock.advance(MINUTE);
    expect(await probe()).toEqual({ status: "ok" });
  });

  it("levels follow the faults of both parts", async () => {
    const { clock, side, write } = open(["db-pool=95%@flag-10"]);
    const sandbox = createSandbox({ seed: 1, startMs: START_MS, faults: [parseFault("memory=95%@0")] });
    const sources = {
      "db-pool": { kind: "sandbox" },
      "queue-depth": { kind: "sandbox" },
      memory: { kind: "sandbox" },
    } as const;
    const { gauges } = createSandboxGauges(together(sandbox, side), { gauges: sources, reviews: [] });
    write(10);
    await Promise.all([clock.advance(5 * MINUTE), sandbox.clock.advance(5 * MINUTE)]);
    const last = async (name: "db-pool" | "memory") => {
      const answer = await gauges[name]?.read({ sinceMs: START_MS, nowMs: sandbox.clock.now() });
      return answer?.status === "value" ? answer.samples.at(-1)?.value : undefined;
    };
    expect(await last("db-pool")).toBe(95);
    // Nobody's requests have met that one's version.
    expect(await last("memory")).toBeLessThan(70);
  });
});

describe("flag-edit", () => {
  it("adds a tenant once, when its phase is in force, and keeps what else is there", async () => {
    const { clock, side, write } = open(["flag-edit@flag-10+2m"]);
    const users = () => JSON.stringify(parseFlag(side.store.get(id)?.value ?? "{}"));
    write(betaExposure);
    await clock.advance(5 * MINUTE);
    write(10);
    await clock.advance(2 * MINUTE);
    expect(users()).not.toContain(foreignTenant);
    await clock.advance(10 * SECOND);
    expect(users()).toContain(foreignTenant);
    expect(side.store.get(id)).toMatchObject({ content_type: flagContentType });
    expect(JSON.parse(users())).toMatchObject({
      enabled: true,
      conditions: {
        client_filters: [
          {
            name: "Microsoft.Targeting",
            parameters: {
              Audience: { DefaultRolloutPercentage: 10, Users: ["tenant-beta-001", foreignTenant] },
            },
          },
        ],
      },
    });
    const { history } = side.clients;
    expect((history.at(-1)?.atMs ?? 0) - (history.at(-2)?.shownAtMs ?? 0)).toBe(2 * MINUTE);
    write(25);
    await clock.advance(10 * MINUTE);
    expect(users()).not.toContain(foreignTenant);
  });
});

describe("tenants of a stack that names none", () => {
  it("are 200 with those that the flag names, members of each group among them", () => {
    const all = inventedTenants({
      ...spec,
      beta: { users: ["tenant-0003", "a"], groups: spec.beta.groups },
      exclude: { users: ["b"], groups: ["banks"] },
    });
    expect(all).toHaveLength(202);
    expect(all.slice(0, 3).map(({ id: one }) => one)).toEqual(["a", "b", "tenant-0001"]);
    expect(all.filter(({ groups = [] }) => groups.includes("beta-testers"))).toHaveLength(10);
    expect(all.filter(({ groups = [] }) => groups.includes("banks"))).toHaveLength(10);
    expect(all.every(({ requests }) => requests === undefined)).toBe(true);
  });
});
