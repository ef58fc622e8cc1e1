import { afterEach, describe, expect, it } from "vitest";
import { openChannels } from "../../../src/adapters/notify/open.ts";
import type { World } from "../../../src/cli/world.ts";
import { owedIn, waitingIn } from "../../../src/driver/outbox-owed.ts";
import type { Incidents } from "../../../src/ports/incident.ts";
import type { SeenCounts } from "../../../src/types/counts.ts";
import { aDriver } from "../../support/drive.ts";
import { type HttpFake, startHttpFake } from "../../support/http-fake.ts";
import { channelAt, fakeSlack } from "../../support/http-fake-channels.ts";
import { createMemoryNotify } from "../../support/memory-notify.ts";
import { until } from "../../support/memory-runtime.ts";
import { diesAfter } from "../../support/mortal.ts";
import { aStackConfig, aWorld, cli } from "./harness.ts";

const prod = ["--stack", "prod"];
let server: HttpFake | undefined;
afterEach(() => server?.close());

async function revertedDriver() {
  const driver = aDriver();
  driver.world.knobs.errorPercent = (exposure) => (exposure >= 20 ? 3 : 0.1);
  await driver.run();
  return driver;
}

const run = (world: World, ...argv: readonly string[]) => cli(["announce", ...argv, ...prod], { world });

describe("announce", () => {
  it.each(["starting", "increment", "rolling-back", "rolled-back"])(
    "--phase %s: as it was sent",
    async (phase) => {
      const driver = await revertedDriver();
      const world = aWorld(driver, aStackConfig({}, "1.2.4"));
      const { json, code } = await run(world, "--phase", phase, "--json");
      expect(code).toBe(0);
      const sent = driver.notify.sent.findLast((message) => message.phase === phase);
      expect(json["data"]).toMatchObject({ phase, message: sent });
    },
  );

  it("has the journal's numbers, in every format", async () => {
    const driver = await revertedDriver();
    const world = aWorld(driver);
    const verdict = driver.entries().find(({ data }) => Object(data["decision"]).kind === "revert");
    const counts = verdict?.data["counts"] as SeenCounts | undefined;
    const failed = counts?.candidate.failed;
    expect(failed).toBeGreaterThan(0);
    for (const format of ["text", "markdown", "slack", "teams"]) {
      const { stdout, code } = await run(world, "--phase", "rolling-back", "--format", format);
      expect(code).toBe(0);
      expect(stdout).toContain(`${failed} of `);
    }
    const slack = await run(world, "--phase", "rolling-back", "--format", "slack");
    expect(JSON.parse(slack.stdout)).toHaveProperty("blocks[0].type", "header");
  });

  it("tells a start that nobody has begun of the plan, with what takes traffic off by hand", async () => {
    const driver = aDriver();
    const lever = { kind: "http-route", namespace: "prod", route: "atp-ingestion" } as const;
    const world = aWorld(driver, aStackConfig({ lever }));
    const { stdout } = await run(world, "--phase", "starting", "--about", "SHA-512");
    expect(stdout).toContain("Change: SHA-512");
    expect(stdout).toContain("Strategy: Canary 5 → 20 → 50 → 100 %");
    expect(stdout).toContain("$ kubectl -n prod patch httproutes");
  });

  it("--send sends once, says what became of it, and writes nothing", async () => {
    const driver = await revertedDriver();
    const before = driver.entries().length;
    const fake = fakeSlack();
    server = await startHttpFake((request) => fake.answer(request));
    const { runtime } = driver.deps;
    const slack = await openChannels({ configs: [channelAt("slack", server.url)], runtime, env: {} });
    const gone = createMemoryNotify({ name: "gone", kind: "memory", for: "all" });
    const world = { ...aWorld(driver), openTeller: async () => ({ notify: slack, secrets: [] }) };
    const sent = await run(world, "--phase", "rolled-back", "--send");
    expect(sent.code).toBe(0);
    expect(sent.stdout).toContain("slack: sent");
    expect(fake.taken).toEqual(["↩️ Rollback complete: atp-ingestion serves 1.2.3"]);
    gone.answerWith({ status: "refused", reason: "channel_is_archived" });
    const failing = { ...world, openTeller: async () => ({ notify: [gone], secrets: [] }) };
    const failed = await run(failing, "--phase", "rolled-back", "--send", "--json");
    expect(failed.code).toBe(1);
    expect(failed.json).toMatchObject({ ok: false, error: { code: "not-sent" } });
    expect(driver.entries()).toHaveLength(before);
  });

  it("--pending sends what a driver has left, once, and names what is still owed", async () => {
    const driver = aDriver();
    driver.notify.answerWith("hang");
    const running = driver.run();
    await until(() => driver.entries().some(({ kind }) => kind === "decision" && driver.notify.tries > 0));
    await until(() => driver.entries().some(({ data }) => Object(data["decision"]).to === "completed"));
    await driver.wall.advance(10_000);
    await running;
    const owed = owedIn(driver.entries()).length;
    expect(owed).toBe(6);
    const channel = createMemoryNotify();
    const world = { ...aWorld(driver), openTeller: async () => ({ notify: [channel], secrets: [] }) };
    const { json, code } = await run(world, "--pending", "--json");
    expect(code).toBe(0);
    expect(channel.sent.map(({ phase }) => phase)).toEqual([
      "starting",
      ...Array(4).fill("increment"),
      "promoted",
    ]);
    expect(json["data"]).toMatchObject({ sent: { length: owed }, owed: [] });
    const again = await run(world, "--pending");
    expect(again.stdout).toContain("Nothing is owed");
    expect(channel.sent).toHaveLength(owed);
  });

  it("--pending opens the incident that a message waits for", async () => {
    const driver = aDriver();
    driver.world.knobs.errorPercent = (exposure) => (exposure >= 20 ? 3 : 0.1);
    const silent: Incidents = { kind: "http", open: () => new Promise(() => {}) };
    Object.assign(driver.deps, { incidents: silent });
    const revive = diesAfter(driver, ({ data }) => Object(data["decision"]).kind === "revert");
    const dying = driver.run().catch(() => "killed");
    await until(() => driver.entries().some(({ data }) => Object(data["decision"]).kind === "revert"));
    await driver.wall.advance(20_000);
    expect(await dying).toBe("killed");
    revive();
    expect(owedIn(driver.entries())).toEqual([]);
    expect(waitingIn(driver.entries())).toHaveLength(1);
    const channel = createMemoryNotify();
    const incidents: Incidents = { kind: "http", open: async () => ({ id: "INC-1" }) };
    const openTeller = async () => ({ notify: [channel], incidents, secrets: [] });
    const world = { ...aWorld(driver), openRecord: async () => driver.deps.record, openTeller };
    expect(await run(world, "--pending", "--json")).toMatchObject({
      code: 0,
      json: { data: { sent: [{ title: expect.stringContaining("ROLLBACK") }], owed: [] } },
    });
    expect(channel.sent).toMatchObject([{ phase: "rolling-back", incident: { id: "INC-1" } }]);
  });

  it("refuses what it can't do", async () => {
    const world = aWorld(aDriver());
    expect(await run(world)).toMatchObject({ code: 2 });
    expect(await run(world, "--phase", "hold", "--pending")).toMatchObject({ code: 2 });
    expect(await run(world, "--phase", "sometime")).toMatchObject({ code: 2 });
    const nothing = await run(world, "--phase", "promoted", "--json");
    expect(nothing).toMatchObject({ code: 7, json: { error: { code: "no-message" } } });
  });
});

describe("report", () => {
  it("is what the journal knows, and leaves open what only people do", async () => {
    const driver = await revertedDriver();
    const { stdout, code } = await cli(["report", ...prod], { world: aWorld(driver) });
    expect(code).toBe(0);
    for (const part of [
      "# Incident report: atp-ingestion 1.2.3 → 1.2.4 on production",
      "| Outcome | reverted |",
      "420 of 59,000 requests to 1.2.4 failed",
      "| error-rate | fail | 3 | 1 | canary 360 of 12000",
      "lever done",
      "driver: test",
      "- When: not set (rollout.communication.rca)",
      "- Root cause:\n",
    ])
      expect(stdout).toContain(part);
    expect(stdout).not.toContain("message done");
  });

  it("says that there is nothing to report", async () => {
    const driver = aDriver();
    await driver.run();
    const { code, json } = await cli(["report", ...prod, "--json"], { world: aWorld(driver) });
    expect([code, json["error"]]).toMatchObject([7, { code: "no-incident" }]);
  });
});
