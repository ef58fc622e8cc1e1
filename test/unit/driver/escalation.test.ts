import { describe, expect, it } from "vitest";
import type { Incidents } from "../../../src/ports/incident.ts";
import type { HealthAnswer } from "../../../src/types/observation.ts";
import { aDriver } from "../../support/drive.ts";
import { createMemoryNotify } from "../../support/memory-notify.ts";
import { diesAfter } from "../../support/mortal.ts";

type Driver = ReturnType<typeof aDriver>;

const minute = 60_000;
const escalation = { leadAfterSeconds: 300, vpAfterSeconds: 1800, ctoAfterSeconds: 3600 };
const communication = { zone: "UTC", dashboards: [], lead: "@lena", manager: "@max", cto: "@carla" };

function escalating(more: Parameters<typeof aDriver>[0] = {}): Driver {
  return aDriver({ ...more, policy: { escalation, communication, ...more.policy } });
}

/** Holds at 20 % for want of data, and says so at its soak's end. */
function silentAt20(): Driver {
  const driver = escalating();
  driver.world.knobs.metricsDown = (exposure) => exposure >= 20;
  return driver;
}

const called = (driver: Driver) =>
  driver
    .entries()
    .filter(({ data }) => data["escalation"] !== undefined)
    .map(({ at, data }) => ({ rung: String(Object(data["escalation"]).rung), atMs: Date.parse(at) }));

const heldAtMs = (driver: Driver) =>
  Date.parse(driver.entries().find(({ data }) => Object(data["decision"]).kind === "hold")?.at ?? "");

const request = (driver: Driver, kind: "acknowledge" | "sev1" | "all-clear", by = "@alice") =>
  driver.record.requests.submit({
    kind,
    by,
    reason: "looking",
    at: new Date(driver.clock.now()).toISOString(),
    rolloutId: driver.rolloutId(),
  });

/** Does something once, at the first look at or after a moment of the rollout's clock. */
function onceAt(driver: Driver, when: () => number, what: () => unknown): void {
  const { metricsDown } = driver.world.knobs;
  let done = false;
  driver.world.knobs.metricsDown = (exposure) => {
    if (!done && driver.clock.now() >= when()) {
      done = true;
      void what();
    }
    return metricsDown(exposure);
  };
}

describe("an alarm that nobody acknowledges", () => {
  it("goes up to the deployment lead after 5 min, once, by the second", async () => {
    const driver = silentAt20();
    expect(await driver.run()).toMatchObject({ outcome: "held" });
    const [first, ...others] = called(driver);
    expect(first).toEqual({ rung: "lead", atMs: heldAtMs(driver) + 5 * minute });
    expect(others).toEqual([]);
    const told = driver.notify.sent.filter(({ kind }) => kind === "escalation");
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({
      severity: "error",
      title: "@lena: atp-ingestion 1.2.3 → 1.2.4 on production",
      text: "Escalated to the deployment lead @lena: nobody has acknowledged the alarm, for 5 min and longer (since 10:30 AM UTC).",
      to: { rung: "lead", name: "@lena" },
      alert: { action: "trigger" },
    });
  });

  it("says whom nobody has named", async () => {
    const driver = aDriver({ policy: { escalation } });
    driver.world.knobs.metricsDown = (exposure) => exposure >= 20;
    await driver.run();
    const [told] = driver.notify.sent.filter(({ kind }) => kind === "escalation");
    expect(told?.text).toContain("deployment lead, whom nobody has named (communication.lead)");
  });

  it("is told by the next driver at once, where the first one died in its way back and 6 min went by", async () => {
    const driver = escalating();
    driver.world.knobs.errorPercent = (exposure) => (exposure >= 20 ? 3 : 0.1);
    const reborn = diesAfter(driver, ({ data }) => data["effect"] === "read-back");
    await expect(driver.run()).rejects.toThrow("killed");
    expect(called(driver)).toEqual([]);
    reborn();
    await driver.clock.sleep(6 * minute);
    const takenUpMs = driver.clock.now();
    expect(await driver.run()).toMatchObject({ outcome: "reverted" });
    expect(called(driver)).toEqual([{ rung: "lead", atMs: takenUpMs }]);
  });

  it("goes nowhere where the stack has no escalation", async () => {
    const driver = aDriver();
    driver.world.knobs.metricsDown = (exposure) => exposure >= 20;
    await driver.run();
    expect(called(driver)).toEqual([]);
  });

  it("isn't one where it was only paused", async () => {
    const driver = escalating();
    onceAt(
      driver,
      () => 0,
      () => request(driver, "acknowledge"),
    );
    await driver.run({ stopAfter: "5" });
    expect(called(driver)).toEqual([]);
  });
});

describe("an acknowledgement", () => {
  it("stops it, is in the journal, and those who were called hear of it", async () => {
    const driver = silentAt20();
    onceAt(
      driver,
      () => heldAtMs(driver) + 4 * minute,
      () => request(driver, "acknowledge"),
    );
    await driver.run();
    expect(called(driver)).toEqual([]);
    const said = driver.entries().find(({ data }) => data["alarm"] !== undefined);
    expect(said?.data["alarm"]).toMatchObject({ kind: "acknowledge", by: "@alice", reason: "looking" });
    expect(driver.notify.sent.find(({ kind }) => kind === "escalation")).toMatchObject({
      title: "atp-ingestion 1.2.3 → 1.2.4: @alice has the alarm",
      severity: "info",
    });
  });

  it("of a hold is none of the way back after it", async () => {
    const driver = silentAt20();
    onceAt(
      driver,
      () => heldAtMs(driver) + minute,
      () => request(driver, "acknowledge"),
    );
    onceAt(
      driver,
      () => heldAtMs(driver) + 7 * minute,
      () =>
        driver.record.requests.submit({
          kind: "abort",
          by: "dana",
          reason: "enough",
          at: new Date(driver.clock.now()).toISOString(),
          rolloutId: driver.rolloutId(),
        }),
    );
    driver.world.knobs.upFails = (_step, converge) =>
      converge ? { kind: "unknown", message: "the cluster is gone" } : undefined;
    expect(await driver.run()).toMatchObject({ outcome: "revert-failed" });
    expect(called(driver).map(({ rung }) => rung)).toEqual(["manager"]);
  });

  it("in PagerDuty counts: the lead isn't told", async () => {
    const driver = silentAt20();
    const asked: string[] = [];
    const incidents: Incidents = {
      kind: "pagerduty",
      open: async () => ({ id: "#1" }),
      acknowledgedBy: async (key) => {
        asked.push(key);
        return "Alice Example";
      },
    };
    Object.assign(driver.deps, { incidents });
    await driver.run();
    expect(called(driver)).toEqual([]);
    expect(asked).toEqual([`rollout:production:atp-ingestion:${driver.rolloutId()}`]);
    const found = driver.entries().find(({ data }) => data["acknowledged"] !== undefined);
    expect(found?.data["acknowledged"]).toEqual({ by: "Alice Example", source: "pagerduty" });
  });

  it.each([
    ["says that nobody has", async () => undefined],
    ["fails", () => Promise.reject(new Error("HTTP 500"))],
  ])("that PagerDuty %s spares nobody", async (_, acknowledgedBy) => {
    const driver = silentAt20();
    Object.assign(driver.deps, {
      incidents: { kind: "pagerduty", open: async () => ({ id: "#1" }), acknowledgedBy },
    });
    await driver.run();
    expect(called(driver).map(({ rung }) => rung)).toEqual(["lead"]);
  });
});

describe("a way back that fails", () => {
  it("goes up to the engineering manager at once, before the driver ends", async () => {
    const driver = escalating();
    driver.world.knobs.errorPercent = (exposure) => (exposure >= 20 ? 3 : 0.1);
    driver.world.knobs.upFails = (_step, converge) =>
      converge ? { kind: "unknown", message: "the cluster is gone" } : undefined;
    expect(await driver.run()).toMatchObject({ outcome: "revert-failed" });
    const failedAt = driver.entries().find(({ data }) => Object(data["decision"]).to === "revert-failed")?.at;
    expect(called(driver)).toEqual([{ rung: "manager", atMs: Date.parse(failedAt ?? "") }]);
    expect(driver.notify.sent.at(-1)).toMatchObject({ kind: "escalation", to: { name: "@max" } });
  });
});

describe("a service that is down", () => {
  const unhealthy = { status: "unhealthy", httpStatus: 503, path: "/health/ready" } as const;

  it("goes up to the VP after more than 30 min, and to the CTO after more than an hour", async () => {
    const driver = escalating();
    driver.health.set("stable", unhealthy);
    expect(await driver.run()).toMatchObject({ outcome: "promoted" });
    const down = driver.entries().find(({ data }) => Object(data["service"]).service === "down");
    const since = Date.parse(down?.at ?? "");
    expect(called(driver)).toEqual([
      { rung: "vp", atMs: since + 30 * minute + 1 },
      { rung: "cto", atMs: since + 60 * minute + 1 },
    ]);
    const told = driver.notify.sent.find(({ to }) => to?.rung === "vp");
    expect(told?.text).toContain(
      "the service is down: stable's /health/ready answers 503, for 30 min and longer",
    );
    expect(told?.severity).toBe("critical");
  });

  it("calls nobody where it is up again within 30 min", async () => {
    const driver = escalating();
    let since = Number.NaN;
    driver.health.set("stable", () => {
      since = Number.isNaN(since) ? driver.clock.now() : since;
      return driver.clock.now() < since + 29 * minute ? unhealthy : { status: "ok" };
    });
    await driver.run();
    expect(called(driver)).toEqual([]);
    const seen = driver
      .entries()
      .flatMap(({ data }) => (data["service"] ? [Object(data["service"]).service] : []));
    expect(seen).toEqual(["down", "up"]);
  });

  it("is watched while it turns back, and nothing waits for an endpoint that hangs", async () => {
    const driver = escalating();
    driver.world.knobs.errorPercent = (exposure) => (exposure >= 20 ? 3 : 0.1);
    const { probe } = driver.health;
    let hung = 0;
    Object.assign(driver.deps, {
      health: {
        ...driver.health,
        probe: (options: Parameters<typeof probe>[0]): Promise<HealthAnswer> => {
          const turning = driver.entries().some(({ data }) => Object(data["decision"]).kind === "revert");
          if (!turning) return probe(options);
          hung += 1;
          return new Promise(() => {});
        },
      },
    });
    expect(await driver.run()).toMatchObject({ outcome: "reverted" });
    expect(hung).toBe(1);
  });
});

describe("a channel of somebody's own", () => {
  it("gets what goes up to them, and that it is over, and nothing else", async () => {
    const driver = escalating();
    const lead = createMemoryNotify({ name: "lead", kind: "memory", for: "lead" });
    const vp = createMemoryNotify({ name: "vp", kind: "memory", for: "vp" });
    Object.assign(driver.deps, { notify: [driver.notify, lead, vp] });
    let silent = true;
    driver.world.knobs.metricsDown = (exposure) => exposure >= 20 && silent;
    onceAt(
      driver,
      () => heldAtMs(driver) + 6 * minute,
      () => {
        silent = false;
      },
    );
    expect(await driver.run()).toMatchObject({ outcome: "promoted" });
    expect(lead.sent.map(({ kind, alert }) => [kind, alert?.action])).toEqual([
      ["escalation", "trigger"],
      ["promoted", "resolve"],
    ]);
    expect(vp.sent).toEqual([]);
  });
});

describe("a SEV1 that somebody has declared", () => {
  it.each([
    { allClearAfter: 61 * minute, rungs: ["cto"] },
    { allClearAfter: 10 * minute, rungs: [] },
  ])("and that is over after $allClearAfter ms goes up to $rungs", async ({ allClearAfter, rungs }) => {
    const driver = escalating();
    const startMs = driver.clock.now();
    onceAt(
      driver,
      () => startMs,
      () => request(driver, "sev1"),
    );
    onceAt(
      driver,
      () => startMs + allClearAfter,
      () => request(driver, "all-clear"),
    );
    await driver.run();
    expect(called(driver).map(({ rung }) => rung)).toEqual(rungs);
  });
});
