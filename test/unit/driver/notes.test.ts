import { describe, expect, it } from "vitest";
import { createTimeline } from "../../../src/cli/render/timeline.ts";
import { aDriver } from "../../support/drive.ts";

const notesIn = ({ entries }: ReturnType<typeof aDriver>) =>
  entries().flatMap(({ kind, data }) => (kind === "observed" && data["note"] ? [data["note"]] : []));

function aNote(driver: ReturnType<typeof aDriver>, reason: string) {
  const note = { kind: "note", by: "dana", reason, at: `2026-01-15T10:00:0${reason.length % 10}Z` } as const;
  return driver.record.requests.submit({ ...note, rolloutId: driver.rolloutId() });
}

describe("a note in the journal", () => {
  it("is written once, and changes nothing", async () => {
    const driver = aDriver();
    driver.world.knobs.duringUp = async (step) => {
      if (step === "20") await aNote(driver, "minor bug: a typo in the mail");
    };
    expect(await driver.run()).toMatchObject({ outcome: "promoted" });
    expect(notesIn(driver)).toEqual([
      {
        by: "dana",
        reason: "minor bug: a typo in the mail",
        at: expect.stringContaining("2026-01-15T10:00:0"),
      },
    ]);
    const timeline = createTimeline({ color: false });
    const lines = driver.entries().map((entry) => timeline(entry) ?? "");
    expect(lines.join("\n")).toContain("note              dana: minor bug: a typo in the mail");
  });

  it("is not written again by the driver that goes on; one that came meanwhile is", async () => {
    const driver = aDriver();
    driver.world.knobs.duringUp = async (step) => {
      if (step === "5") await aNote(driver, "one");
    };
    expect(await driver.run({ stopAfter: "5" })).toMatchObject({ outcome: "held" });
    driver.world.knobs.duringUp = async () => {};
    await aNote(driver, "second");
    expect(await driver.run()).toMatchObject({ outcome: "promoted" });
    expect(notesIn(driver)).toMatchObject([{ reason: "one" }, { reason: "second" }]);
  });
});
