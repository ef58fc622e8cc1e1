import { checklistKey } from "../../src/driver/checklist-confirmations.ts";
import type { ChecklistPorts } from "../../src/driver/checklist-ports.ts";
import { type RunOptions, runRollout } from "../../src/driver/run.ts";
import { actionsHash } from "../../src/plan/migration.ts";
import { migrationPhases } from "../../src/plan/migration-phases.ts";
import type { Evidence } from "../../src/ports/evidence.ts";
import type { ChecklistItem } from "../../src/types/checklist.ts";
import type { ChecklistConfig } from "../../src/types/checklist-config.ts";
import type { EvidenceAnswer } from "../../src/types/evidence.ts";
import type { JournalEntry } from "../../src/types/journal.ts";
import type { EnvironmentPolicy } from "../../src/types/policy.ts";
import { aSnapshot } from "./builders.ts";
import { aDriver } from "./drive.ts";
import { aFlag } from "./memory-flag-stack.ts";
import { createMemoryNotify } from "./memory-notify.ts";
import { aMigration } from "./migrations.ts";
import { createStart, guarded } from "./start-world.ts";

const hour = 3_600_000;
export const day = 24 * hour;
/** Thursday. */
export const startMs = Date.UTC(2026, 0, 15, 10);
const iso = (ms: number) => new Date(ms).toISOString();

/** A checklist whose load test and scan have a source. */
export const aChecklist: ChecklistConfig = {
  waived: [],
  confirmedWithinSeconds: 4 * 3600,
  revertRehearsed: { stack: "staging", withinDays: 14 },
  loadTest: { kind: "command", run: ["load-test"] },
  securityScan: { path: "trivy.sarif", withinDays: 7 },
  synthetics: [],
};

/** A policy for which every item applies: a breaking API, whose flag is opened after its code. */
export const everyItem: Partial<EnvironmentPolicy> = {
  ...guarded,
  strategy: "combined",
  flag: aFlag(),
  checklist: aChecklist,
  communication: {
    zone: "UTC",
    onCall: { primary: "@alice", secondary: "@bob" },
    dashboards: [{ name: "Grafana", url: "https://grafana.example" }],
  },
  notify: [{ kind: "slack", webhook: "https://hooks.example/planted" }],
  migration: { ...aMigration(), testedIn: ["staging"], testedWithinSeconds: 14 * 86_400 },
};

/** Proof whose answer a test sets. */
export function aProof(name: string, first: EvidenceAnswer): Evidence & { answer: EvidenceAnswer | Error } {
  const proof = {
    name,
    answer: first as EvidenceAnswer | Error,
    read: async () => {
      if (proof.answer instanceof Error) throw proof.answer;
      return proof.answer;
    },
  };
  return proof;
}

/** An entry of a journal. */
export function anEntry(more: Partial<JournalEntry>): JournalEntry {
  const at = more.at ?? iso(startMs - day);
  return {
    schemaVersion: 1,
    seq: 1,
    rolloutId: "r1",
    leaseToken: 1,
    at,
    wallAt: at,
    kind: "observed",
    state: "completed",
    step: "promote-clean",
    planHash: "0".repeat(64),
    data: {},
    ...more,
  };
}

/** How a rollout of 1.2.4 ended in another stack. */
export function anEnd(outcome: "promoted" | "reverted", atMs: number, rolloutId: string = outcome) {
  const identity = aSnapshot("1.2.4").identity;
  const revert = outcome === "reverted" ? { revert: { stateEqual: true } } : {};
  return anEntry({ kind: "end", rolloutId, at: iso(atMs), data: { outcome, identity, ...revert } });
}

/** The record of a migration whose every way back has run. */
function waysBack(atMs: number): JournalEntry[] {
  const { id, phases } = aMigration();
  return migrationPhases.flatMap(({ phase }) => {
    const { reverse } = phases[phase];
    if (!reverse.possible) return [];
    const settled = { migration: id, phase, direction: "back", actions: actionsHash(reverse.actions) };
    return [anEntry({ at: iso(atMs), data: { settled } })];
  });
}

/** What the list before the start looks up, with what a test can spoil. */
function aLookup() {
  const journals: Record<string, JournalEntry[]> = {
    staging: [anEnd("reverted", startMs - 2 * day), anEnd("promoted", startMs - day)],
  };
  const migrations: Record<string, JournalEntry[]> = { staging: waysBack(startMs - day), prod: [] };
  const value = { status: "value", met: true } as const;
  const grafana = aProof("Grafana", { ...value, message: "HTTP 200" });
  const loadTest = aProof("load-test", { ...value, message: "p95 310 ms at 12000/s" });
  const scan = aProof("sarif", { ...value, message: "Trivy: nothing critical", atMs: startMs - day });
  const ports: ChecklistPorts = {
    stack: "prod",
    journalOf: async (stack) => journals[stack] ?? [],
    migrationJournalOf: async (stack) => migrations[stack] ?? [],
    dashboards: [grafana],
    loadTest,
    securityScan: scan,
    synthetics: [],
  };
  return { journals, migrations, grafana, loadTest, scan, ports };
}

/** A driver of prod that asks for every item before the start. */
function aListed(policy: Partial<EnvironmentPolicy>) {
  const driver = aDriver({ policy: { ...everyItem, ...policy }, startMs });
  const asked = createStart();
  const lookup = aLookup();
  const slack = createMemoryNotify({ name: "slack", kind: "slack", for: "all" });
  const deps = { ...driver.deps, notify: [slack], start: asked.start, checklist: lookup.ports };
  const confirm = (item: ChecklistItem, by: string, atMs = startMs - hour) =>
    driver.record.requests.submit({
      ...{ kind: "confirm", item, by, reason: "", at: iso(atMs) },
      rolloutId: checklistKey("1.2.4"),
    });
  const run = (more: Partial<RunOptions> = {}) =>
    runRollout(deps, {
      ...{ version: "1.2.4", holder: "test", changeRequest: "CHG1", change: { kind: "breaking-api" } },
      ...more,
    });
  /** Lists in the journal. */
  const listed = () =>
    driver
      .entries()
      .flatMap(({ kind, data }) =>
        kind === "observed" && data["checklist"] !== undefined ? [data["checklist"]] : [],
      );
  return { ...driver, ...asked, ...lookup, deps, slack, confirm, run, listed };
}

export type Listed = ReturnType<typeof aListed>;

/** One for which everything is met: people have done what they have to do. */
export async function allMet(policy: Partial<EnvironmentPolicy> = {}): Promise<Listed> {
  const world = aListed(policy);
  world.promote("1.2.4", startMs - day);
  world.changes.put({
    ...{ id: "CHG1", state: "approved", service: "atp-ingestion" },
    startMs: startMs - hour,
    endMs: startMs + 8 * day,
  });
  await world.confirm("on-call", "alice");
  await delivered(world, startMs - 2 * day);
  return world;
}

/** A message that Slack took, in a rollout before this one. */
async function delivered({ record }: Listed, atMs: number): Promise<void> {
  const answer = await record.lease.acquire({ holder: "before", termMs: 1000 });
  if (!answer.granted) throw new Error("the lease is held");
  const data = { effect: "message", channel: "slack", id: "m1", ok: true };
  const { seq: _s, schemaVersion: _v, ...draft } = anEntry({ at: iso(atMs), kind: "effect", data });
  await record.journal.append({ ...draft, leaseToken: answer.token });
  await record.lease.release(answer.token);
}
