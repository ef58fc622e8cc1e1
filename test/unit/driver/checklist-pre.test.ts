import { describe, expect, it } from "vitest";
import { preItemsOf } from "../../../src/driver/checklist-pre.ts";
import { exitOf } from "../../../src/driver/outcome.ts";
import { runRollout } from "../../../src/driver/run.ts";
import type { PreItem } from "../../../src/types/checklist.ts";
import type { ItemStatus } from "../../../src/types/checklist-status.ts";
import type { EnvironmentPolicy } from "../../../src/types/policy.ts";
import { aSnapshot } from "../../support/builders.ts";
import { aDriver } from "../../support/drive.ts";
import {
  aChecklist,
  allMet,
  anEnd,
  anEntry,
  day,
  everyItem,
  type Listed,
  startMs,
} from "../../support/pre-checklist-world.ts";

const hour = 3_600_000;

async function itemsOf(world: Listed, more: Partial<Parameters<typeof preItemsOf>[1]> = {}) {
  const { identity } = aSnapshot("1.2.4");
  const facts = {
    version: "1.2.4",
    identity,
    strategy: "combined",
    change: "breaking-api",
    changeRequest: "CHG1",
  } as const;
  return await preItemsOf(world.deps, { ...facts, ...more });
}

const unmetOf = (items: readonly ItemStatus[]) =>
  items.filter(({ status }) => status === "unmet").map(({ item }) => item);

describe("everything is met", () => {
  it("the ten items, by the tool or by a person with a name; the rollout goes on to its approvals", async () => {
    const world = await allMet();
    const items = await itemsOf(world);
    expect(items.map(({ item, status }) => `${item} ${status}`)).toEqual([
      ...["change-approved met", "revert-rehearsed met", "on-call met", "dashboards met", "channel met"],
      ...["flags met", "migrations met", "load-test met", "security-scan met", "window met"],
    ]);
    expect(items[2]).toMatchObject({
      how: "person",
      by: "alice",
      at: new Date(startMs - hour).toISOString(),
    });
    const outcome = await world.run();
    expect(outcome.cause?.reason).toBe("ApprovalsMissing");
    expect(world.listed()).toMatchObject([{ phase: "pre", ok: true, items: expect.any(Array) }]);
    expect(world.world.calls).toEqual([]);
  });
});

/** Each spoils one item alone. */
const spoiled: readonly {
  readonly item: PreItem;
  readonly why: string;
  readonly policy?: Partial<EnvironmentPolicy>;
  readonly spoil?: (world: Listed) => void | Promise<void>;
  readonly says: string;
}[] = [
  {
    item: "revert-rehearsed",
    why: "it was never taken back in staging",
    spoil: ({ journals }) => {
      journals["staging"] = [anEnd("promoted", startMs - day)];
    },
    says: "never taken back in staging",
  },
  {
    item: "revert-rehearsed",
    why: "stale: 15 days ago",
    spoil: ({ journals }) => {
      journals["staging"] = [anEnd("reverted", startMs - 15 * day), anEnd("promoted", startMs - day)];
    },
    says: "15 days ago, and 14 days is the limit",
  },
  {
    item: "revert-rehearsed",
    why: "taken back last, so it stands promoted no more",
    spoil: ({ journals }) => void journals["staging"]?.reverse(),
    says: "does not stand promoted",
  },
  {
    item: "revert-rehearsed",
    why: "a rehearsal is none",
    spoil: ({ journals }) =>
      void journals["staging"]?.unshift(
        anEntry({ kind: "begin", rolloutId: "reverted", data: { rehearsed: true } }),
      ),
    says: "never taken back",
  },
  {
    item: "revert-rehearsed",
    why: "staging has no journal",
    spoil: ({ journals }) => void delete journals["staging"],
    says: "was never taken back in staging",
  },
  {
    item: "revert-rehearsed",
    why: "unreachable: its journal can't be read",
    spoil: ({ deps }) =>
      void Object.assign(deps.checklist, { journalOf: async () => Promise.reject(new Error("EACCES")) }),
    says: "the journal of staging can't be read: EACCES",
  },
  {
    item: "on-call",
    why: "stale: five hours ago",
    spoil: ({ record, confirm }) => {
      record.state.requests.length = 0;
      return confirm("on-call", "alice", startMs - 5 * hour);
    },
    says: "which holds for 4 h",
  },
  {
    item: "on-call",
    why: "somebody else has said so",
    spoil: ({ record, confirm }) => {
      record.state.requests.length = 0;
      return confirm("on-call", "mallory");
    },
    says: "mallory, who has, is not on call",
  },
  {
    item: "on-call",
    why: "nobody is named",
    policy: { communication: { zone: "UTC", dashboards: [] } },
    says: "nobody is named",
  },
  {
    item: "dashboards",
    why: "unreachable",
    spoil: ({ grafana }) => {
      grafana.answer = { status: "error", message: "no answer within 5 s" };
    },
    says: "Grafana: no answer within 5 s",
  },
  {
    item: "dashboards",
    why: "it is gone",
    spoil: ({ grafana }) => {
      grafana.answer = { status: "value", met: false, message: "HTTP 404" };
    },
    says: "Grafana: HTTP 404",
  },
  {
    item: "dashboards",
    why: "none is named",
    spoil: ({ deps }) => void Object.assign(deps.checklist, { dashboards: [] }),
    says: "no dashboard is named",
  },
  {
    item: "channel",
    why: "stale: no message for eight days",
    spoil: ({ record }) => {
      const [entry] = record.state.entries;
      if (entry) Object.assign(entry, { at: new Date(startMs - 8 * day).toISOString() });
    },
    says: "is 8 days old",
  },
  {
    item: "channel",
    why: "nothing but lines on stderr",
    spoil: ({ slack }) => void Object.assign(slack, { kind: "log" }),
    says: "no channel is configured",
  },
  {
    item: "flags",
    why: "somebody else wrote it",
    spoil: ({ world }) => {
      const { flags } = world.flag ?? {};
      if (flags?.flag)
        flags.put({ ...flags.flag, value: flags.flag.value.replace('"enabled":false', '"enabled":true') });
    },
    says: "is not as the stack wrote it",
  },
  {
    item: "flags",
    why: "it is gone",
    spoil: ({ world }) => world.flag?.flags.put(undefined),
    says: "is gone from its store",
  },
  {
    item: "flags",
    why: "unreachable",
    spoil: ({ world }) => world.flag?.flags.failWith(new Error("ECONNREFUSED")),
    says: "could not be checked: ECONNREFUSED",
  },
  {
    item: "migrations",
    why: "a way back never ran",
    spoil: ({ migrations }) => void migrations["staging"]?.shift(),
    says: "expand in staging: it has not run there",
  },
  {
    item: "migrations",
    why: "stale",
    spoil: ({ migrations }) => {
      for (const entry of migrations["staging"] ?? [])
        Object.assign(entry, { at: new Date(startMs - 15 * day).toISOString() });
    },
    says: "which counts for",
  },
  {
    item: "load-test",
    why: "it failed",
    spoil: ({ loadTest }) => {
      loadTest.answer = { status: "value", met: false, message: "p95 1400 ms" };
    },
    says: "p95 1400 ms",
  },
  {
    item: "load-test",
    why: "its source throws",
    spoil: ({ loadTest }) => {
      loadTest.answer = new Error("broken");
    },
    says: "could not be checked: broken",
  },
  {
    item: "security-scan",
    why: "something critical is in it",
    spoil: ({ scan }) => {
      scan.answer = {
        status: "value",
        met: false,
        message: "Trivy: 1 critical (CVE-1)",
        atMs: startMs,
      };
    },
    says: "1 critical (CVE-1)",
  },
  {
    item: "security-scan",
    why: "stale: eight days old",
    spoil: ({ scan }) => {
      scan.answer = {
        status: "value",
        met: true,
        message: "Trivy: nothing critical",
        atMs: startMs - 8 * day,
      };
    },
    says: "is older than 7 days",
  },
  {
    item: "security-scan",
    why: "there is no file",
    spoil: ({ scan }) => {
      scan.answer = { status: "empty", message: "there is no trivy.sarif" };
    },
    says: "there is no trivy.sarif",
  },
];

describe("each item alone blocks the start, is named, and nothing is touched", () => {
  it.each(spoiled)("$item: $why", async ({ item, policy, spoil, says }) => {
    const world = await allMet(policy);
    await spoil?.(world);
    expect(unmetOf(await itemsOf(world))).toEqual([item]);
    const outcome = await world.run();
    expect([outcome.outcome, exitOf(outcome), outcome.cause?.reason]).toEqual([
      "blocked",
      23,
      "ChecklistUnmet",
    ]);
    expect(outcome.cause?.message).toMatch(new RegExp(`^1 item of the checklist unmet: ${item}: `));
    expect(outcome.cause?.message).toContain(says);
    expect(world.listed()).toMatchObject([{ phase: "pre", ok: false }]);
    expect(world.world.calls).toEqual([]);
  });

  it("change-approved and window have reasons of their own, and are in the list", async () => {
    const late = await allMet();
    await late.clock.advance(36 * hour); // Friday evening
    await late.confirm("on-call", "bob", late.clock.now());
    expect(unmetOf(await itemsOf(late))).toEqual(["window"]);
    expect((await late.run()).cause?.reason).toBe("WindowClosed");
    const asks = await allMet();
    asks.changes.failWith("HTTP 503");
    expect(unmetOf(await itemsOf(asks))).toEqual(["change-approved"]);
    const outcome = await asks.run();
    expect([outcome.cause?.reason, exitOf(outcome)]).toEqual(["ChangeNotApproved", 23]);
  });

  it("all that is unmet is named at once, each with what to do", async () => {
    const world = await allMet();
    world.record.state.requests.length = 0;
    world.grafana.answer = { status: "error", message: "ENOTFOUND" };
    const { cause } = await world.run();
    expect(cause?.message).toMatch(/^2 items of the checklist unmet: on-call: .* \| dashboards: /);
    expect(cause?.message).toContain("`rollouts checklist confirm on-call --by @alice --stack prod`");
  });

  it("where nothing can be looked up, nothing is met", async () => {
    const world = await allMet();
    const { checklist: _none, ...deps } = world.deps;
    const outcome = await runRollout(deps, {
      version: "1.2.4",
      holder: "test",
      change: { kind: "breaking-api" },
    });
    expect(outcome.cause?.message).toMatch(
      /^5 items .*revert-rehearsed: .*dashboards: .*migrations: .*load-test: .*security-scan: /,
    );
  });
});

describe("what does not apply, and what is waived", () => {
  it("a hotfix does without the CAB's change, and without nothing else", async () => {
    const world = await allMet();
    world.changes.failWith("HTTP 503");
    world.record.state.requests.length = 0;
    const items = await itemsOf(world, { change: "hotfix" });
    expect(items[0]).toMatchObject({ item: "change-approved", status: "not-applicable" });
    expect(unmetOf(items)).toEqual(["on-call"]);
    const outcome = await world.run({ change: { kind: "hotfix" } });
    expect([outcome.cause?.reason, exitOf(outcome)]).toEqual(["ChecklistUnmet", 23]);
  });

  it.each(spoiled.filter(({ item }) => item !== "load-test"))(
    "a hotfix too: $item ($why)",
    async ({ item, policy, spoil }) => {
      const world = await allMet(policy);
      await spoil?.(world);
      const outcome = await world.run({ change: { kind: "hotfix" } });
      expect(outcome.cause?.message).toContain(`${item}: `);
    },
  );

  it("a bug fix on a plain canary has no flag, migration or load test", async () => {
    const { flag: _f, migration: _m, ...policy } = everyItem;
    const world = await allMet();
    const items = await preItemsOf(
      { ...world.deps, policy: { ...aDriver({ policy }).deps.policy, strategy: "canary" } },
      { version: "1.2.4", identity: aSnapshot("1.2.4").identity, strategy: "canary", change: "bug-fix" },
      ["flags", "migrations", "load-test"],
    );
    expect(items.map(({ status }) => status)).toEqual(["not-applicable", "not-applicable", "not-applicable"]);
  });

  it("waived by name in config: it isn't even asked, and the journal has the name", async () => {
    const waived = [{ item: "security-scan", by: "dana", reason: "scanned by hand" }] as const;
    const world = await allMet({ checklist: { ...aChecklist, waived } });
    world.scan.answer = new Error("asked");
    expect((await world.run()).cause?.reason).toBe("ApprovalsMissing");
    expect(JSON.stringify(world.listed())).toContain("waived: security-scan by dana");
  });

  it("without a source a person vouches for the scan, and that ends with its time", async () => {
    const { securityScan: _none, ...checklist } = aChecklist;
    const world = await allMet({ checklist });
    expect(unmetOf(await itemsOf(world))).toEqual(["security-scan"]);
    await world.confirm("security-scan", "erin");
    expect((await itemsOf(world))[8]).toMatchObject({ status: "met", how: "person", by: "erin" });
    await world.clock.advance(4 * hour);
    expect(unmetOf(await itemsOf(world))).toEqual(["on-call", "security-scan"]);
  });

  it("rehearsed: replaced, and the journal says so; switched off: recorded", async () => {
    const world = await allMet();
    world.record.state.requests.length = 0;
    await world.run({ rehearsed: true });
    expect(world.listed()[0]).toBe("rehearsed");
    const { checklist: _none, ...policy } = everyItem;
    const off = aDriver({ policy: { ...policy, origins: { checklist: "config" } }, startMs });
    await off.run({ rehearsed: true });
    expect(off.entries().map(({ data }) => data["checklist"])).toContain("off");
  });
});

describe("the revert exercised in staging, as the page tells it", () => {
  it("taken back on purpose, let in again by name, promoted: that is what production asks", async () => {
    const staging = aDriver({ policy: { preset: "staging" }, startMs: startMs - day });
    staging.world.knobs.duringUp = async (step) => {
      if (step !== "5") return;
      const at = new Date(startMs).toISOString();
      const abort = { kind: "abort", by: "dana", reason: "revert exercised", at } as const;
      await staging.record.requests.submit({ ...abort, rolloutId: staging.rolloutId() });
    };
    expect((await staging.run()).outcome).toBe("reverted");
    staging.world.knobs.duringUp = async () => {};
    staging.record.state.requests.length = 0; // the ids of rollouts are alike in memory
    expect((await staging.run()).cause?.reason).toBe("Quarantined");
    const clearance = { cause: "revert exercised", by: "dana" };
    expect((await staging.run({ clearance })).outcome).toBe("promoted");
    const world = await allMet();
    world.journals["staging"] = [...staging.entries()];
    await world.clock.advance(hour);
    const [item] = await preItemsOf(
      world.deps,
      { version: "1.2.4", identity: aSnapshot("1.2.4").identity, strategy: "canary" },
      ["revert-rehearsed"],
    );
    expect(item).toMatchObject({ status: "met", how: "tool" });
  });
});
