import { expect, it } from "vitest";
import { releaseKept } from "../../../src/cli/compose/rehearsed-release.ts";
import { aDriver } from "../../support/drive.ts";

it("a rehearsal lets go what it has kept, and rehearses the rest of the way back", async () => {
  const driver = aDriver();
  await driver.run({ stopAfter: "20" });
  const at = new Date(driver.clock.now()).toISOString();
  const why = { by: "dana", reason: "wrong ids", at, rolloutId: driver.rolloutId() };
  await driver.record.requests.submit({ kind: "abort", concern: "corruption", ...why });
  expect(await driver.run()).toMatchObject({ kept: "corruption" });
  const outcome = await releaseKept(driver.deps, (version) => driver.run({ version }));
  expect(outcome).toMatchObject({
    outcome: "reverted",
    revert: { stateEqual: true, leverMs: expect.any(Number) },
  });
  const requests = await driver.record.requests.read(driver.rolloutId());
  expect(requests.at(-1)).toMatchObject({ kind: "release", by: "rehearsal" });
});

it("what isn't kept is left alone", async () => {
  const driver = aDriver();
  await driver.run({ stopAfter: "20" });
  const taken: string[] = [];
  const outcome = await releaseKept(driver.deps, async (version) => {
    taken.push(version);
    return await driver.run({ version });
  });
  expect([outcome, taken]).toEqual([undefined, []]);
});
