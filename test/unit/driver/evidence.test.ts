import { describe, expect, it } from "vitest";
import { alarmOf } from "../../../src/driver/alarm.ts";
import { journalEvidence } from "../../../src/driver/evidence.ts";
import { takes } from "../../../src/driver/outbox-owed.ts";
import { lastRollout } from "../../../src/driver/resume.ts";
import type { Integrity } from "../../../src/ports/gauge.ts";
import type { Concern } from "../../../src/types/concern.ts";
import type { EnvironmentPolicy } from "../../../src/types/policy.ts";
import { aPolicy } from "../../support/builders.ts";
import { aDriver } from "../../support/drive.ts";
import { aMessage } from "../../support/messages.ts";
import { diesAfter } from "../../support/mortal.ts";

type Driver = ReturnType<typeof aDriver>;

const communication = {
  zone: "UTC",
  dashboards: [],
  onCall: { primary: "@alice" },
  security: "@sam",
  compliance: "@kim",
} as const;

/** A stack whose data are checked; broken from 20 % on, or as soon as there is a weight of `from`. */
function corrupting(policy: Partial<EnvironmentPolicy> = {}, from = 20): Driver {
  const gates = { ...aPolicy().gates, integrity: "command" };
  const driver = aDriver({ policy: { communication, ...policy, gates } });
  const integrity: Integrity = {
    name: "chain",
    check: async () =>
      driver.world.weights.includes(from)
        ? { status: "broken", message: "event 417 does not follow from event 416" }
        : { status: "whole", message: "every hash follows" },
  };
  Object.assign(driver.deps, { integrity });
  return driver;
}

async function release(driver: Driver): Promise<void> {
  const at = new Date(driver.clock.now()).toISOString();
  const rolloutId = driver.rolloutId();
  await driver.record.requests.submit({ kind: "release", by: "sam", reason: "case 4711", at, rolloutId });
}

async function abort(driver: Driver, concern?: Concern): Promise<void> {
  const at = new Date(driver.clock.now()).toISOString();
  const rolloutId = driver.rolloutId();
  const why = { by: "kim", reason: "the audit trail is off", at, rolloutId };
  await driver.record.requests.submit({ kind: "abort", ...why, ...(concern ? { concern } : {}) });
}

const reasons = (driver: Driver) =>
  driver.entries().flatMap(({ data }) => {
    const { reason } = Object(data["decision"]);
    return typeof reason === "string" ? [reason] : [];
  });

describe("broken data", () => {
  it("take the traffic off, and the candidate is kept at weight 0", async () => {
    const driver = corrupting();
    expect(await driver.run()).toMatchObject({
      outcome: "held",
      kept: "corruption",
      failedAt: "20",
      cause: { reason: "IntegrityBroken", gate: "integrity", concern: "corruption" },
    });
    expect(driver.world.weights.at(-1)).toBe(0);
    expect(driver.world.calls.slice(-2)).toEqual(["lever 0", "up revert converge"]);
    expect(driver.world.record()).toMatchObject({
      exposure: 0,
      step: "revert",
      candidate: { version: "1.2.4" },
    });
    expect(driver.effects()).not.toContain("candidate-removed");
    expect(reasons(driver).slice(-3)).toEqual(["TrafficOff", "StackAtZero", "EvidenceKept"]);
  });

  it("go the rest of the way once somebody lets them go, with the traffic's own time", async () => {
    const driver = corrupting();
    await driver.run();
    await release(driver);
    const outcome = await driver.run();
    expect(outcome).toMatchObject({ outcome: "reverted", failedAt: "20", cause: { concern: "corruption" } });
    expect(outcome).not.toHaveProperty("kept");
    expect(outcome.revert?.leverMs).toEqual(expect.any(Number));
    expect(driver.world.record()?.candidate).toBeUndefined();
    expect(driver.world.record()).toMatchObject({ stable: { version: "1.2.3" }, step: "install" });
    expect(reasons(driver).slice(-3)).toEqual(["EvidenceReleased", "BaselineRestored", "RevertVerified"]);
  });

  it("stay where they are for a run without a release, and for any other version", async () => {
    const driver = corrupting();
    await driver.run();
    expect(await driver.run()).toMatchObject({ outcome: "held", kept: "corruption" });
    expect(driver.effects()).not.toContain("candidate-removed");
    await expect(driver.run({ version: "1.2.5" })).rejects.toMatchObject({
      code: "rollout-in-flight",
      hint: expect.stringContaining("rollouts evidence release --by NAME"),
    });
    await abort(driver);
    expect(await driver.run({ onlyResume: true })).toMatchObject({ outcome: "held", kept: "corruption" });
  });

  it("are a SEV1 from the verdict on", async () => {
    const driver = corrupting();
    await driver.run();
    const { sev1, openSinceMs } = alarmOf(driver.entries(), []);
    expect(sev1?.sinceMs).toBe(openSinceMs);
    expect(sev1?.why).toContain("event 417");
  });

  it.each(["TrafficOff", "StackAtZero", "EvidenceKept", "EvidenceReleased"])(
    "a driver that dies after %s loses nothing",
    async (last) => {
      const driver = corrupting();
      const born = diesAfter(driver, ({ data }) => Object(data["decision"]).reason === last);
      const first = driver.run();
      if (last === "EvidenceReleased") {
        await first;
        await release(driver);
        await expect(driver.run()).rejects.toThrow("killed");
      } else await expect(first).rejects.toThrow("killed");
      born();
      if (last !== "EvidenceReleased") {
        expect(await driver.run()).toMatchObject({ outcome: "held", kept: "corruption", failedAt: "20" });
        expect(driver.effects()).not.toContain("candidate-removed");
        await release(driver);
      }
      expect(await driver.run()).toMatchObject({ outcome: "reverted", cause: { concern: "corruption" } });
    },
  );

  it("an update to zero that fails once is done again before anything is kept", async () => {
    const driver = corrupting();
    let failures = 0;
    driver.world.knobs.upFails = (step, converge) =>
      step === "revert" && converge && failures++ === 0 ? { kind: "resource", message: "boom" } : undefined;
    expect(await driver.run()).toMatchObject({ kept: "corruption" });
    expect(driver.world.calls.filter((call) => call === "up revert converge")).toHaveLength(2);
    expect(driver.world.record()).toMatchObject({ exposure: 0, step: "revert" });
  });
});

describe("an abort", () => {
  const inSoak = async (driver: Driver, concern?: Concern) => {
    await driver.run({ stopAfter: "20" });
    await abort(driver, concern);
    return await driver.run({ onlyResume: true });
  };

  it("for compliance keeps the candidate, and is no SEV1", async () => {
    const driver = aDriver({ policy: { communication } });
    expect(await inSoak(driver, "compliance")).toMatchObject({ outcome: "held", kept: "compliance" });
    expect(driver.world.weights.at(-1)).toBe(0);
    expect(alarmOf(driver.entries(), [])).not.toHaveProperty("sev1");
    expect(alarmOf(driver.entries(), [])).toHaveProperty("openSinceMs");
    await release(driver);
    expect(await driver.run()).toMatchObject({ outcome: "reverted" });
  });

  it("without a concern goes back as ever", async () => {
    const driver = aDriver();
    const outcome = await inSoak(driver);
    expect(outcome).toMatchObject({ outcome: "reverted" });
    expect(reasons(driver)).not.toContain("EvidenceKept");
  });
});

describe("where nothing stands beside stable", () => {
  it("in place: the old version comes back as ever, and its people are told all the same", async () => {
    const increments = [{ exposure: 100, soakSeconds: 300 }];
    const driver = corrupting({ strategy: "rolling", increments }, 100);
    expect(await driver.run()).toMatchObject({ outcome: "reverted", cause: { concern: "corruption" } });
    expect(reasons(driver)).not.toContain("EvidenceKept");
    expect(driver.notify.sent.at(-1)).toMatchObject({ phase: "rolled-back", concern: "corruption" });
  });
});

const kinds = ["progress", "approval", "hold", "revert", "revert-failed", "escalation", "promoted"] as const;
const incidents: readonly string[] = ["hold", "revert", "revert-failed", "escalation"];

describe.each(kinds)("a message of the kind %s", (kind) => {
  it.each([
    ["security", "corruption", true],
    ["security", "compliance", false],
    ["security", undefined, false],
    ["compliance", "compliance", true],
    ["compliance", "corruption", false],
    ["compliance", undefined, false],
  ] as const)("for %s with the concern %s", (which, concern, theirs) => {
    const channel = { kind: "slack", for: which } as const;
    const message = aMessage({ kind, phase: "hold", ...(concern ? { concern } : {}) });
    expect(takes(channel, message)).toBe(theirs && incidents.includes(kind));
  });
});

describe("people", () => {
  it("messages from the cause on say the concern, and what is kept", async () => {
    const driver = corrupting();
    await driver.run();
    await release(driver);
    await driver.run();
    expect(driver.notify.sent.map(({ phase, concern }) => [phase, concern])).toEqual([
      ["starting", undefined],
      ["increment", undefined],
      ["rolling-back", "corruption"],
      ["hold", "corruption"],
      ["rolled-back", "corruption"],
    ]);
    expect(driver.notify.sent[3]).toMatchObject({
      kind: "hold",
      exposure: 0,
      title: "atp-ingestion 1.2.3 → 1.2.4 is kept as evidence",
      nextSteps: [
        expect.stringContaining("rollouts evidence export --stack"),
        expect.stringContaining("rollouts evidence release --stack"),
      ],
    });
  });

  it("security hears of it from the cause on to the end, compliance and others of theirs", async () => {
    const driver = corrupting();
    const sent: Record<string, string[]> = {};
    const notify = (["security", "compliance", "incidents", "deployments"] as const).map((which) => ({
      name: which,
      kind: "webhook",
      for: which,
      send: async ({ phase }: { phase: string }) => {
        sent[which] = [...(sent[which] ?? []), phase];
        return { status: "sent" } as const;
      },
    }));
    Object.assign(driver.deps, { notify });
    await driver.run();
    await release(driver);
    await driver.run();
    expect(sent).toEqual({
      security: ["rolling-back", "hold", "rolled-back"],
      incidents: ["rolling-back", "hold", "rolled-back"],
      deployments: ["starting", "increment", "rolled-back"],
    });
  });
});

describe("what a journal tells as evidence", () => {
  it("report, messages, plan, and the look that turned back", async () => {
    const driver = corrupting();
    await driver.run();
    const recorded = lastRollout(driver.entries());
    if (recorded === undefined) throw new Error("no rollout");
    const { files, notes } = journalEvidence(driver.entries(), recorded);
    expect(notes).toEqual([]);
    expect(files.map(({ name }) => name)).toEqual([
      "report.md",
      "messages.json",
      "plan.json",
      "evidence.json",
    ]);
    const content = (name: string) => files.find((file) => file.name === name)?.content ?? "";
    expect(content("report.md")).toContain("| Concern | data corruption |");
    expect(content("report.md")).toContain("security: @sam");
    expect(JSON.parse(content("messages.json"))).toHaveLength(driver.notify.sent.length);
    expect(JSON.parse(content("plan.json"))).toMatchObject({ plan: { to: "1.2.4" } });
    const { verdict } = JSON.parse(content("evidence.json"));
    expect(verdict.counts.candidate.requests).toBeGreaterThan(0);
    expect(verdict.readings.map(({ gate }: { gate: string }) => gate)).toContain("integrity");
  });

  it("says what it has not", async () => {
    const driver = aDriver();
    await driver.run({ stopAfter: "5" });
    const recorded = lastRollout(driver.entries());
    if (recorded === undefined) throw new Error("no rollout");
    const { files, notes } = journalEvidence(driver.entries(), recorded);
    expect(files.map(({ name }) => name)).toEqual(["messages.json", "plan.json", "evidence.json"]);
    expect(notes).toEqual([expect.stringContaining("report.md"), expect.stringContaining("evidence.json")]);
  });
});
