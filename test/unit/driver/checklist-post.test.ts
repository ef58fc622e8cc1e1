import { describe, expect, it } from "vitest";
import { postItemsOf } from "../../../src/driver/checklist-post.ts";
import { exitOf } from "../../../src/driver/outcome.ts";
import type { DriverDeps } from "../../../src/driver/session.ts";
import { type PostItem, postItems } from "../../../src/types/checklist.ts";
import type { ItemStatus } from "../../../src/types/checklist-status.ts";
import type { CohortSeries, MetricsAnswer } from "../../../src/types/observation.ts";
import { aChecklist, aListedDriver } from "../../support/checklist-world.ts";

type Driver = ReturnType<typeof aListedDriver>;

interface Broken {
  readonly ports?: Partial<DriverDeps>;
  /** Mends it again. */
  readonly mend: () => void | Promise<void>;
}

/** What keeps one item open, and nothing else. */
const broken: Readonly<Record<PostItem, (driver: Driver) => Broken>> = {
  "metrics-at-baseline": (driver) => {
    const { world, entries } = driver;
    let bad = true;
    const failing = ({ bins }: CohortSeries) => ({
      bins: bins.map((bin) => ({ ...bin, errors: bin.n / 100 })),
    });
    const worse = (answer: MetricsAnswer): MetricsAnswer =>
      answer.status === "value"
        ? { ...answer, stable: failing(answer.stable), candidate: failing(answer.candidate) }
        : answer;
    const observe: typeof world.metrics.observe = async (query) => {
      const answer = await world.metrics.observe(query);
      const over = entries().some(({ data }) => data["outcome"] === "promoted");
      const first = Date.parse(entries()[0]?.at ?? "");
      return bad && over && query.sinceMs >= first ? worse(answer) : answer;
    };
    return {
      ports: { metrics: { name: "memory", observe } },
      mend: () => {
        bad = false;
      },
    };
  },
  smoke: ({ knobs }) => {
    const before = knobs.smoke;
    knobs.smoke = { status: "value", met: false, message: "POST /events: HTTP 500" };
    return {
      mend: () => {
        knobs.smoke = before;
      },
    };
  },
  synthetics: ({ knobs }) => {
    const before = knobs.synthetics;
    knobs.synthetics = { status: "error", message: "no answer within 10 s" };
    return {
      mend: () => {
        knobs.synthetics = before;
      },
    };
  },
  runbook: ({ confirm }) => ({ mend: () => confirm("runbook") }),
  lessons: ({ confirm }) => ({ mend: () => confirm("lessons", "the queue needs an alert") }),
  "candidate-gone": ({ world }) => {
    let left = true;
    const read: typeof world.lever.read = async (signal) => {
      const route = await world.lever.read(signal);
      return left && route.exposure === 0 ? { ...route, hasCandidate: true } : route;
    };
    return {
      ports: { lever: { ...world.lever, read } },
      mend: () => {
        left = false;
      },
    };
  },
};

const each = postItems.map((item) => [item] as const);
const people: readonly PostItem[] = ["runbook", "lessons"];

/** A rollout of 1.2.4 that is promoted, with all that its list asks for but one item. */
async function promotedBut(item: PostItem) {
  const driver = aListedDriver();
  for (const one of people) if (one !== item) await driver.confirm(one);
  const { ports = {}, mend } = broken[item](driver);
  const outcome = await driver.run({}, ports);
  expect(outcome).toMatchObject({ outcome: "promoted" });
  return { ...driver, outcome, ports, mend };
}

const names = (items: readonly ItemStatus[] = []) => items.map(({ item }) => item);

describe("the list after a promotion", () => {
  it("is closed at once where all of it is met, and the next rollout starts", async () => {
    const driver = aListedDriver();
    await driver.confirm("runbook", "step 4 is new");
    await driver.confirm("lessons", "none");
    const outcome = await driver.run();
    expect(outcome.open).toBeUndefined();
    expect(driver.list("post")).toMatchObject({ phase: "post", closed: true });
    expect(names(driver.list("post").items)).toEqual([...postItems]);
    expect(driver.list("post").items[3]).toMatchObject({
      evidence: "step 4 is new",
      by: "ann",
      how: "person",
    });
    // What a person has written is in the journal, under that rollout.
    expect(driver.entries().at(-1)).toMatchObject({ kind: "observed", state: "completed" });
    expect(await driver.run({ version: "1.2.5" })).toMatchObject({ outcome: "promoted" });
    const smoke = driver.asked.smoke;
    expect(await postItemsOf(driver.deps, driver.entries())).toMatchObject({ version: "1.2.5" });
    expect(smoke).toBe(2);
  });

  it.each(each)("%s alone keeps it open, and is named", async (item) => {
    const { outcome, list, entries, deps, ports } = await promotedBut(item);
    expect(exitOf(outcome)).toBe(0);
    expect(names(outcome.open)).toEqual([item]);
    expect(outcome.open?.[0]?.hint).toBeTruthy();
    expect(list("post")).toMatchObject({ closed: false });
    const before = entries().length;
    const read = await postItemsOf({ ...deps, ...ports }, entries());
    expect(names(read?.items.filter(({ status }) => status === "unmet"))).toEqual([item]);
    expect(entries()).toHaveLength(before);
  });

  it.each(each)(
    "%s open: the next rollout is blocked, touches nothing, and starts once it is met",
    async (item) => {
      const { run, ports, mend, world } = await promotedBut(item);
      const calls = world.calls.length;
      const next = await run({ version: "1.2.5" }, ports);
      expect(next).toMatchObject({ outcome: "blocked", cause: { reason: "PostChecklistOpen" } });
      expect(next.cause?.message).toContain(`1.2.4 is promoted, and its checklist is open: ${item}: `);
      expect(exitOf(next)).toBe(23);
      expect(world.calls).toHaveLength(calls);
      await mend();
      const after = await run({ version: "1.2.5" }, ports);
      expect(after.outcome).toBe("promoted");
    },
  );

  it.each(each)("%s open: a hotfix doesn't wait, and the journal says what it passed", async (item) => {
    const { run, ports, entries } = await promotedBut(item);
    const hotfix = await run({ version: "1.2.5", change: { kind: "hotfix" } }, ports);
    expect(hotfix.outcome).toBe("promoted");
    const noted = entries().find(({ data }) => data["open"] !== undefined);
    expect(noted?.data["open"]).toMatchObject({ version: "1.2.4", items: [item], passedBy: "hotfix" });
  });

  it("waived items close it too", async () => {
    const waived = [
      ...aChecklist.waived,
      ...people.map((item) => ({ item, by: "ann", reason: "elsewhere" })),
    ];
    const driver = aListedDriver({ checklist: { ...aChecklist, waived } });
    expect((await driver.run()).open).toBeUndefined();
    expect(driver.list("post").closed).toBe(true);
  });

  it("a smoke test that has passed isn't run again", async () => {
    const { run, asked, mend } = await promotedBut("lessons");
    expect(asked.smoke).toBe(1);
    await run({ version: "1.2.5" });
    expect(asked.smoke).toBe(1);
    await mend();
  });

  it("a smoke test of before the promotion proves nothing", async () => {
    const driver = aListedDriver();
    for (const one of people) await driver.confirm(one);
    const atMs = driver.clock.now();
    driver.knobs.smoke = { status: "value", met: true, message: "passed", atMs };
    const outcome = await driver.run();
    expect(names(outcome.open)).toEqual(["smoke"]);
  });

  it("what is configured and can't be looked up here is not left to a person", async () => {
    const driver = aListedDriver();
    for (const one of [...people, "smoke", "synthetics"] as const) await driver.confirm(one);
    const { checklist: _, ...bare } = driver.deps;
    const { runRollout } = await import("../../../src/driver/run.ts");
    const outcome = await runRollout(bare, { version: "1.2.4", holder: "test" });
    expect(names(outcome.open)).toEqual(["smoke", "synthetics"]);
  });

  it("nothing configured: a person says it, after the promotion and with a note", async () => {
    const { smoke: _, ...config } = aChecklist;
    const checklist = { ...config, synthetics: [] };
    const driver = aListedDriver({ checklist });
    const { deps } = driver;
    const { checklist: ports = expect.unreachable() } = deps;
    const { smoke: __, ...rest } = ports;
    const alone = { checklist: { ...rest, synthetics: [] } };
    for (const item of [...people, "smoke", "synthetics"] as const) await driver.confirm(item, "seen");
    expect(names((await driver.run({}, alone)).open)).toEqual(["smoke", "synthetics"]);
    await driver.confirm("smoke", " ");
    await driver.confirm("synthetics", "all green");
    const next = await driver.run({ version: "1.2.5" }, alone);
    expect(next.cause?.message).toMatch(/is open: smoke: .*rollouts checklist confirm smoke/);
    expect(next.cause?.message).not.toContain("synthetics: ");
    await driver.confirm("smoke", "orders go through");
    expect((await driver.run({ version: "1.2.5" }, alone)).outcome).toBe("promoted");
  });
});

describe("which rollouts have one", () => {
  it("not those of before the list was there", async () => {
    const driver = aListedDriver();
    const { checklist: _, ...policy } = driver.deps.policy;
    expect((await driver.run({}, { policy })).open).toBeUndefined();
    expect(await driver.run({ version: "1.2.5" })).toMatchObject({ outcome: "promoted" });
  });

  it("not a rehearsal's next one: nobody is asked, and each item says so", async () => {
    const driver = aListedDriver();
    expect((await driver.run({ rehearsed: true })).open).toBeUndefined();
    const { items, closed } = driver.list("post");
    expect(closed).toBe(true);
    expect(items.filter(({ evidence }: ItemStatus) => evidence.startsWith("rehearsed: "))).toHaveLength(4);
  });

  it("not one that was reverted", async () => {
    const driver = aListedDriver();
    driver.world.knobs.errorPercent = (exposure) => (exposure >= 5 ? 3 : 0.1);
    expect(await driver.run()).toMatchObject({ outcome: "reverted" });
    driver.world.knobs.errorPercent = () => 0.1;
    expect(await driver.run({ version: "1.2.5" })).toMatchObject({ outcome: "promoted" });
  });

  it("a first version has no metrics before it", async () => {
    const { aDriver } = await import("../../support/drive.ts");
    const driver = aDriver({ policy: { checklist: aChecklist }, installed: null });
    const outcome = await driver.run();
    expect(names(outcome.open)).toEqual(["smoke", "synthetics", "runbook", "lessons"]);
  });
});
