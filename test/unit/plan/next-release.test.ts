import { describe, expect, it } from "vitest";
import { type NextRelease, nextRelease } from "../../../src/plan/next-release.ts";
import type { Release } from "../../../src/types/release.ts";
import { aRelease, aSnapshot } from "../../support/builders.ts";

const steps = ["5", "20", "50", "100", "promote-stable", "promote-switch", "promote-clean"];
const old = aSnapshot("1.2.3");
const next = aSnapshot("1.2.4");
const third = aSnapshot("1.2.5");

function ask(record: Release | undefined, step: string | undefined, desired = next): NextRelease {
  return nextRelease(record, { desired, steps, stableReplicas: 6, ...(step === undefined ? {} : { step }) });
}

/** The record after the named steps of 1.2.4 over 1.2.3. */
function recordAfter(...walked: string[]): Release {
  let record: Release = aRelease("1.2.3");
  for (const step of walked) {
    const result = ask(record, step);
    if (!result.ok) throw new Error(result.message);
    record = result.release;
  }
  return record;
}

describe("nextRelease: what is accepted", () => {
  it("walks the plan to the letter (design 4a)", () => {
    const seen = steps.map((_, index) => {
      const { stable, candidate, exposure, previousExposure, step } = recordAfter(
        ...steps.slice(0, index + 1),
      );
      return [step, stable.version, candidate?.version, previousExposure, exposure];
    });
    expect(seen).toEqual([
      ["5", "1.2.3", "1.2.4", 0, 5],
      ["20", "1.2.3", "1.2.4", 5, 20],
      ["50", "1.2.3", "1.2.4", 20, 50],
      ["100", "1.2.3", "1.2.4", 50, 100],
      ["promote-stable", "1.2.4", "1.2.4", 100, 100],
      ["promote-switch", "1.2.4", "1.2.4", 100, 0],
      ["promote-clean", "1.2.4", undefined, 0, 0],
    ]);
  });

  it("ends settled: no candidate, no origin of a rollout", () => {
    expect(recordAfter(...steps)).toEqual({ ...aRelease("1.2.4"), step: "promote-clean" });
  });

  it.each(steps.slice(0, 4))("reverts from %s to the baseline's record verbatim", (last) => {
    const walked = steps.slice(0, steps.indexOf(last) + 1);
    expect(ask(recordAfter(...walked), "revert")).toMatchObject({
      ok: true,
      release: aRelease("1.2.3"),
      to: 0,
    });
  });

  it("keeps the step of the baseline through a second rollout", () => {
    const settled = recordAfter(...steps);
    const started = ask(settled, "5", third);
    if (!started.ok) throw new Error(started.message);
    expect(ask(started.release, "revert", third)).toMatchObject({ ok: true, release: settled });
  });

  it("installs the first version for everybody", () => {
    expect(ask(undefined, undefined, old)).toMatchObject({ ok: true, release: aRelease("1.2.3"), notes: [] });
  });

  it("says from = previousExposure when nothing changes, so a second update is all same", () => {
    expect(ask(recordAfter("5", "20"), "20")).toMatchObject({
      ok: true,
      from: 5,
      to: 20,
      release: recordAfter("5", "20"),
    });
  });

  it("lets a release whose weight was taken off start again at the first step", () => {
    const off: Release = { ...recordAfter("5", "20"), exposure: 0, previousExposure: 20, step: "revert" };
    expect(ask(off, "5")).toMatchObject({ ok: true, to: 5 });
  });

  it("takes the candidate off when config asks for stable's version again (as Argo's back-to-stable)", () => {
    expect(ask(recordAfter("5", "20"), undefined, old)).toMatchObject({
      ok: true,
      release: aRelease("1.2.3"),
    });
  });
});

describe("nextRelease: what keeps the stack as it is, and says so", () => {
  const cases: Record<string, { record: Release; step?: string; desired?: typeof old; note: RegExp }> = {
    PendingVersion: { record: aRelease("1.2.3"), note: /1\.2\.4 is pending.*config set step 5/ },
    PendingWithOwnStep: { record: aRelease("1.2.3"), step: "install", note: /1\.2\.4 is pending/ },
    StaleStepInService: { record: aRelease("1.2.3"), step: "20", desired: old, note: /Step 20 is ignored/ },
    NothingToRevert: { record: aRelease("1.2.3"), step: "revert", note: /nothing is rolling out/ },
    PassedStep: { record: recordAfter("5", "20", "50"), step: "5", note: /already at 50/ },
    ThirdVersion: {
      record: recordAfter("5"),
      desired: third,
      note: /1\.2\.5 is pending.*1\.2\.4 is at step 5/,
    },
  };
  it.each(Object.entries(cases))("%s", (_name, { record, step, desired, note }) => {
    const result = ask(record, step, desired ?? next);
    expect(result).toMatchObject({ ok: true, release: record });
    expect(result.ok && result.notes.join(" ")).toMatch(note);
  });
});

describe("nextRelease: what is refused before a resource is registered", () => {
  const cases: Record<
    string,
    { record: Release | undefined; step: string; desired?: typeof old; message: RegExp }
  > = {
    StepBeforeInstall: { record: undefined, step: "5", message: /no(ne|thing)|has none/ },
    FirstStepSkipped: { record: aRelease("1.2.3"), step: "20", message: /first step of 1\.2\.4 is 5/ },
    JumpOf50After5: { record: recordAfter("5"), step: "50", message: /next step is 20/ },
    UnknownStep: { record: recordAfter("5"), step: "banana", message: /next step is 20/ },
    PromotionTooEarly: {
      record: recordAfter("5", "20", "50"),
      step: "promote-stable",
      message: /next step is 100/,
    },
    StepOfThirdVersion: {
      record: recordAfter("5"),
      step: "20",
      desired: third,
      message: /1\.2\.4 is at step 5/,
    },
    RevertAfterPromotion: {
      record: recordAfter(...steps.slice(0, 5)),
      step: "revert",
      message: /nothing to go back to/,
    },
  };
  it.each(Object.entries(cases))("%s", (_name, { record, step, desired, message }) => {
    const result = ask(record, step, desired ?? next);
    expect(result.ok).toBe(false);
    expect(result.ok ? "" : result.message).toMatch(message);
    expect(result.ok ? "" : result.hint).not.toBe("");
  });
});

describe("nextRelease: identity decides, not the version's name", () => {
  it("treats a changed variable as another version", () => {
    const changed = aSnapshot("1.2.3", { env: [{ name: "MODE", value: "new" }] });
    expect(ask(aRelease("1.2.3"), "5", changed)).toMatchObject({
      ok: true,
      to: 5,
      release: { candidate: changed },
    });
  });
});

describe("nextRelease: a version in stable's place (rolling, direct)", () => {
  const watched = ["roll", "settle"];
  const move = (record: Release, step: string, desired = next) =>
    nextRelease(record, { desired, step, steps: watched, stableReplicas: 6 });

  it("keeps the old version in the record until the watch has passed, then settles", () => {
    const rolled = move(aRelease("1.2.3"), "roll");
    if (!rolled.ok) throw new Error(rolled.message);
    expect(rolled).toMatchObject({
      from: 0,
      to: 100,
      release: { stable: old, candidate: next, exposure: 100, step: "roll" },
    });
    expect(move(rolled.release, "settle")).toMatchObject({
      ok: true,
      release: { ...aRelease("1.2.4"), step: "settle" },
    });
    expect(move(rolled.release, "revert")).toMatchObject({ ok: true, release: aRelease("1.2.3"), to: 0 });
  });

  it("without a watch the version is the baseline at once, and the same word starts the next one", () => {
    const direct = (record: Release, desired: typeof old) =>
      nextRelease(record, { desired, step: "direct", steps: ["direct"], stableReplicas: 1 });
    const first = direct(aRelease("1.2.3"), next);
    if (!first.ok) throw new Error(first.message);
    expect(first.release).toEqual({ ...aRelease("1.2.4"), step: "direct" });
    expect(direct(first.release, third)).toMatchObject({ ok: true, release: { stable: third } });
    expect(direct(first.release, next)).toMatchObject({ ok: true, release: first.release, notes: [] });
  });
});
