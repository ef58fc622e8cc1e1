import { describe, expect, it } from "vitest";
import { duringItemsOf } from "../../../src/driver/checklist-during.ts";
import type { DriverDeps } from "../../../src/driver/session.ts";
import { type DuringItem, duringItems } from "../../../src/types/checklist.ts";
import type { ItemStatus } from "../../../src/types/checklist-status.ts";
import { aChecklist, aListedDriver } from "../../support/checklist-world.ts";
import { aDriver } from "../../support/drive.ts";

type Driver = ReturnType<typeof aListedDriver>;

/** What makes one item unmet from the first step on, and nothing else: ports in place of others, or none. */
const broken: Readonly<Record<DuringItem, (driver: Driver) => Partial<DriverDeps>>> = {
  "error-rate-fresh": ({ deps, clock }) => {
    // The counts come at once, and the look goes on for so long that they are old when it is decided.
    const probe: typeof deps.health.probe = async (options) => {
      await clock.sleep(30_001);
      return await deps.health.probe(options);
    };
    return { health: { name: "slow", probe } };
  },
  "exceptions-watched": ({ knobs }) => {
    knobs.exceptions = { status: "error", message: "HTTP 503" };
    return {};
  },
  "queue-depth": ({ queue, clock }) => {
    const start = clock.now();
    queue.setLevel((atMs) => ((atMs - start) / 60_000) * 8);
    return {};
  },
  "health-endpoints": ({ health }) => {
    health.set("stable", { status: "no-answer", message: "ECONNREFUSED" });
    return {};
  },
  "status-told": ({ notify }) => {
    notify.answerWith({ status: "refused", reason: "HTTP 404" });
    return {};
  },
  "pause-offered": ({ deps, world }) => {
    const { requests } = deps.record;
    const read: typeof requests.read = async (id) => {
      if ((world.weights.at(-1) ?? 0) > 0) throw new Error("EIO: i/o error");
      return await requests.read(id);
    };
    const changed = async () => {
      throw new Error("EIO: i/o error");
    };
    return { record: { ...deps.record, requests: { ...requests, read, changed } } };
  },
};

const each = duringItems.map((item) => [item] as const);

function unmetOf(items: readonly ItemStatus[]): readonly string[] {
  return items.filter(({ status }) => status === "unmet").map(({ item }) => item);
}

describe("the list during a rollout", () => {
  it("all of it is met: it goes on as without, and the journal has the list", async () => {
    const driver = aListedDriver();
    const outcome = await driver.run();
    expect(outcome).toMatchObject({ outcome: "promoted", exposures: [5, 20, 50, 100] });
    const { phase, items } = driver.list("during");
    expect(phase).toBe("during");
    expect(items.map(({ item }: ItemStatus) => item)).toEqual([...duringItems]);
    expect(new Set(items.map(({ status }: ItemStatus) => status))).toEqual(new Set(["met"]));
    expect(duringItemsOf(driver.entries())).toMatchObject({ step: "100", items });
    const without = aListedDriver();
    const { checklist: _, ...policy } = without.deps.policy;
    await without.run({}, { policy });
    expect(driver.world.calls).toEqual(without.world.calls);
    const decisions = (one: Driver) => one.entries().filter(({ kind }) => kind === "decision");
    const steps = (one: Driver) => decisions(one).map(({ at, state, step }) => ({ at, state, step }));
    expect(steps(driver)).toEqual(steps(without));
    expect(without.list("during")).toEqual({});
  });

  it.each(each)("%s alone unmet holds the step, and is named", async (item) => {
    const driver = aListedDriver();
    const outcome = await driver.run({}, broken[item](driver));
    expect(outcome).toMatchObject({ outcome: "held", heldAt: "5", exposures: [5] });
    expect(outcome.cause).toMatchObject({ reason: "ChecklistUnmet", kind: "evidence" });
    expect(outcome.cause?.message).toMatch(new RegExp(`^${item}: `));
    for (const other of duringItems.filter((one) => one !== item))
      expect(outcome.cause?.message).not.toContain(`${other}: `);
    expect(driver.world.calls).toEqual(["up 5"]);
    expect(driver.world.weights).toEqual([0, 5]);
    expect(unmetOf(driver.list("during").items)).toEqual([item]);
    const unmet = driver.list("during").items.find((one: ItemStatus) => one.item === item);
    expect(unmet.hint).not.toBe("");
  });

  it.each(each)("%s unmet: a breach turns back as if there were no list", async (item) => {
    const decided = async (checklist: boolean) => {
      const driver = aListedDriver();
      driver.world.knobs.errorPercent = (exposure) => (exposure >= 5 ? 3 : 0.1);
      const { checklist: _, ...policy } = driver.deps.policy;
      const ports = item === "pause-offered" && !checklist ? {} : broken[item](driver);
      const outcome = await driver.run({}, { ...ports, ...(checklist ? {} : { policy }) });
      expect(outcome).toMatchObject({ outcome: "reverted", failedAt: "5" });
      expect(driver.world.calls.slice(-3)).toEqual(["lever 0", "up revert converge", "up install converge"]);
      const revert = driver.entries().find(({ data }) => Object(data["decision"]).kind === "revert");
      return revert?.at;
    };
    expect(await decided(true)).toBe(await decided(false));
  });

  it.each(each)("%s waived, by name: it goes on", async (item) => {
    const waived = [...aChecklist.waived, { item, by: "ann", reason: "known" }];
    const driver = aListedDriver({ checklist: { ...aChecklist, waived } });
    expect(await driver.run({}, broken[item](driver))).toMatchObject({ outcome: "promoted" });
    expect(driver.list("during").items).toContainEqual({
      item,
      status: "waived",
      how: "person",
      evidence: "known",
      by: "ann",
    });
  });

  it("goes on by itself once the item is met", async () => {
    const driver = aListedDriver();
    const start = driver.clock.now();
    driver.health.set("stable", () =>
      driver.clock.now() - start < 20 * 60_000
        ? { status: "unhealthy", httpStatus: 503, path: "/ready" }
        : { status: "ok" },
    );
    expect(await driver.run()).toMatchObject({ outcome: "promoted" });
    const held = driver.entries().find(({ data }) => Object(data["decision"]).kind === "hold");
    expect(held?.data["decision"]).toMatchObject({
      reason: "ChecklistUnmet",
      message: "health-endpoints: stable: HTTP 503 from /ready",
    });
  });

  it("an approval stands for evidence, not for the list", async () => {
    const driver = aListedDriver();
    driver.notify.answerWith({ status: "refused", reason: "HTTP 404" });
    const approve = async (version: string) => {
      const rolloutId = driver.rolloutId();
      const at = new Date(driver.clock.now()).toISOString();
      await driver.record.requests.submit({
        kind: "approve",
        step: "5",
        by: "bob",
        reason: "",
        at,
        rolloutId,
      });
      return version;
    };
    const { list } = driver.deps.exceptions ?? expect.unreachable();
    let approved: Promise<string> | undefined;
    const exceptions = {
      name: "approving",
      list: async (query: Parameters<typeof list>[0]) => {
        approved ??= approve("1.2.4");
        await approved;
        return await list(query);
      },
    };
    expect(await driver.run({}, { exceptions })).toMatchObject({ outcome: "held", heldAt: "5" });
    driver.notify.answerWith(undefined);
  });

  it("asks for exceptions about every 30 s, of this step alone", async () => {
    const driver = aListedDriver();
    await driver.run({ stopAfter: "5" });
    // 15 min, a look each 10 s.
    expect(driver.asked.exceptions).toBeGreaterThanOrEqual(28);
    expect(driver.asked.exceptions).toBeLessThanOrEqual(31);
  });

  it("a source of exceptions that breaks its word is one that could not answer", async () => {
    const driver = aListedDriver();
    driver.knobs.exceptions = "throw";
    const outcome = await driver.run();
    expect(outcome.cause?.message).toContain(
      "exceptions-watched: exceptions could not be listed: memory: broken",
    );
  });

  it("a source of exceptions that hangs holds the step, and no look for long", async () => {
    const driver = aListedDriver();
    driver.knobs.exceptions = "hang";
    const ticking = setInterval(() => void driver.wall.advance(1_000), 1);
    const outcome = await driver.run();
    clearInterval(ticking);
    expect(outcome).toMatchObject({ outcome: "held", heldAt: "5", cause: { reason: "ChecklistUnmet" } });
    expect(outcome.cause?.message).toContain("has not answered yet");
  });
});

describe("who watches exceptions where nothing lists them", () => {
  const alone = (driver: Driver): Partial<DriverDeps> => {
    const { exceptions: _, ...rest } = driver.deps;
    return { ...rest, exceptions: undefined } as unknown as Partial<DriverDeps>;
  };

  it("a person, who says so for this version", async () => {
    const driver = aListedDriver();
    await driver.confirm("exceptions-watched", "on the App Insights blade");
    expect(await driver.run({}, alone(driver))).toMatchObject({ outcome: "promoted" });
    expect(driver.list("during").items).toContainEqual(
      expect.objectContaining({ item: "exceptions-watched", how: "person", by: "ann", status: "met" }),
    );
  });

  it("nobody: it holds, and says what to do", async () => {
    const driver = aListedDriver();
    await driver.confirm("exceptions-watched", "of another", "1.2.3");
    const outcome = await driver.run({}, alone(driver));
    expect(outcome.cause?.message).toMatch(/^exceptions-watched: /);
    const item = driver.list("during").items.find((one: ItemStatus) => one.item === "exceptions-watched");
    expect(item.hint).toContain("rollouts checklist confirm exceptions-watched --by NAME --stack prod");
  });

  it("a rehearsal counts it as given, and says so", async () => {
    const driver = aListedDriver();
    expect(await driver.run({ rehearsed: true }, alone(driver))).toMatchObject({ outcome: "promoted" });
    const { items } = driver.list("during");
    const rehearsed = items.filter(({ evidence }: ItemStatus) => evidence.startsWith("rehearsed: "));
    expect(rehearsed.map(({ item }: ItemStatus) => item)).toEqual(["exceptions-watched", "status-told"]);
  });
});

it("a stack without lists writes none, and its first entry doesn't name them", async () => {
  const driver = aDriver();
  await driver.run();
  expect(driver.entries().some(({ data }) => data["checklist"] !== undefined)).toBe(false);
});
