import { type RunOptions, runRollout } from "../../src/driver/run.ts";
import type { DriverDeps } from "../../src/driver/session.ts";
import type { Evidence, EvidenceAnswer } from "../../src/ports/evidence.ts";
import type { ExceptionsAnswer } from "../../src/ports/exceptions.ts";
import { type ChecklistItem, preItems } from "../../src/types/checklist.ts";
import type { ChecklistConfig } from "../../src/types/checklist-config.ts";
import type { EnvironmentPolicy } from "../../src/types/policy.ts";
import { aPolicy } from "./builders.ts";
import { aDriver } from "./drive.ts";
import { createMemoryGauge } from "./memory-gauge.ts";

/** The lists during and after a rollout; the one before the start is waived. */
export const aChecklist: ChecklistConfig = {
  waived: preItems.map((item) => ({ item, by: "ann", reason: "a test" })),
  confirmedWithinSeconds: 14_400,
  revertRehearsed: { stack: "staging", withinDays: 14 },
  smoke: { kind: "command", run: ["smoke"] },
  synthetics: [{ kind: "http", url: "https://atp.example/ping" }],
};

const none = { kind: "none", reason: "a test" } as const;
const unwatched = { limit: 0, forSeconds: 300, source: "none" };

/** A stack whose queue is watched, with the lists. */
export function listedPolicy(checklist: ChecklistConfig = aChecklist): Partial<EnvironmentPolicy> {
  return {
    checklist,
    gates: {
      ...aPolicy().gates,
      gauges: {
        "db-pool": unwatched,
        memory: unwatched,
        "queue-depth": { limit: 1_000, forSeconds: 300, source: "sandbox" },
      },
    },
    watch: { gauges: { "db-pool": none, memory: none, "queue-depth": { kind: "sandbox" } }, reviews: [] },
  };
}

const passed: EvidenceAnswer = { status: "value", met: true, message: "all passed" };

/** A driver of such a stack, with everything that its lists ask for: each part can be broken. */
export function aListedDriver(policy: Partial<EnvironmentPolicy> = {}) {
  const driver = aDriver({ policy: { ...listedPolicy(), ...policy } });
  const queue = createMemoryGauge(() => 120);
  const knobs = {
    exceptions: { status: "value", types: [] } as ExceptionsAnswer | "hang" | "throw",
    smoke: passed as EvidenceAnswer,
    synthetics: passed as EvidenceAnswer,
  };
  const asked = { smoke: 0, exceptions: 0 };
  const evidence = (name: "smoke" | "synthetics"): Evidence => ({
    name,
    read: async () => {
      if (name === "smoke") asked.smoke += 1;
      return knobs[name];
    },
  });
  const deps: DriverDeps = {
    ...driver.deps,
    gauges: { "queue-depth": queue },
    exceptions: {
      name: "memory",
      list: async () => {
        asked.exceptions += 1;
        if (knobs.exceptions === "hang") return await new Promise(() => {});
        if (knobs.exceptions === "throw") throw new Error("broken");
        return knobs.exceptions;
      },
    },
    checklist: {
      stack: "prod",
      journalOf: async () => [],
      migrationJournalOf: async () => [],
      dashboards: [],
      smoke: evidence("smoke"),
      synthetics: [evidence("synthetics")],
    },
  };
  /** A person says something of a version, at the rollout's present. */
  const confirm = (item: ChecklistItem, reason = "none", version = "1.2.4") =>
    driver.record.requests.submit({
      kind: "confirm",
      item,
      by: "ann",
      reason,
      at: new Date(driver.clock.now()).toISOString(),
      rolloutId: `checklist:${version}`,
    });
  return {
    ...driver,
    deps,
    queue,
    knobs,
    asked,
    confirm,
    /** With other ports, where they are given. */
    run: (more: Partial<RunOptions> = {}, ports: Partial<DriverDeps> = {}) =>
      runRollout({ ...deps, ...ports }, { version: "1.2.4", holder: "test", ...more }),
    /** The last list of a phase that stands in the journal. */
    list: (phase: "during" | "post") =>
      Object(
        driver.entries().findLast(({ data }) => Object(data["checklist"]).phase === phase)?.data["checklist"],
      ),
  };
}
