import { describe, expect, it } from "vitest";
import { flagSnapshot, offSnapshot } from "../../../src/plan/flag-release.ts";
import { flagSteps } from "../../../src/plan/flag-steps.ts";
import { asRendered, nextRelease, type ReleaseTarget } from "../../../src/plan/next-release.ts";
import { recordSteps } from "../../../src/plan/steps.ts";
import type { FlagRelease, Release } from "../../../src/types/release.ts";
import { aRelease, aSnapshot } from "../../support/builders.ts";
import { aFlag, aFlagSpec } from "../../support/memory-flag-stack.ts";

const code = ["5", "20", "50", "100", "promote-stable", "promote-switch", "promote-clean"];
const phases = recordSteps(flagSteps(aFlag()));
const flag = { desired: flagSnapshot("1.2.4", aFlagSpec()), steps: phases };
const off: FlagRelease = {
  schemaVersion: 1,
  stable: offSnapshot(aFlagSpec()),
  exposure: 0,
  previousExposure: 0,
  step: "install",
};
const baseline = aRelease("1.2.3", { flag: off });

function ask(record: Release | undefined, step?: string, more: Partial<ReleaseTarget> = {}) {
  const target = { desired: aSnapshot("1.2.4"), steps: code, stableReplicas: 6, flag, ...more };
  return nextRelease(record, { ...target, ...(step === undefined ? {} : { step }) });
}

function recordAfter(...walked: readonly string[]): Release {
  return walked.reduce((record, step) => {
    const next = ask(record, step);
    if (!next.ok) throw new Error(next.message);
    return next.release;
  }, baseline);
}

const served = recordAfter(...code);

describe("a flag beside a service", () => {
  it("is made off with the first install", () => {
    expect(ask(undefined)).toMatchObject({ release: { stable: { version: "1.2.4" }, flag: off } });
  });

  it("stays off through every step of the code", () => {
    for (let at = 1; at <= code.length; at++) expect(recordAfter(...code.slice(0, at)).flag).toEqual(off);
    expect(served).toMatchObject({ stable: { version: "1.2.4" }, step: "promote-clean" });
  });

  it("opens phase by phase, and the code's record stays to the letter", () => {
    const { flag: _before, ...codeThen } = served;
    const seen = phases.map((_, at) => recordAfter(...code, ...phases.slice(0, at + 1)));
    expect(seen.map((release) => release.flag?.step)).toEqual(phases);
    expect(seen.map((release) => release.flag?.exposure)).toEqual([0.5, 10, 25, 50, 100, 0]);
    for (const { flag: _now, ...codeNow } of seen) expect(codeNow).toEqual(codeThen);
    expect(seen.at(-1)?.flag).toEqual({ ...off, stable: flag.desired, step: "flag-settle" });
  });

  it("opens nothing before its code serves everybody", () => {
    for (const walked of [[], ["5"], code.slice(0, 4), code.slice(0, 6)]) {
      expect(ask(recordAfter(...walked), "flag-beta")).toMatchObject({
        ok: false,
        code: "step-refused",
        message: expect.stringContaining("1.2.4 doesn't serve everybody yet"),
      });
    }
    expect(ask(undefined, "flag-beta")).toMatchObject({ ok: false, code: "step-refused" });
  });

  it("goes back alone: `revert` in a phase leaves the code", () => {
    expect(ask(recordAfter(...code, "flag-beta", "flag-10"), "revert")).toMatchObject({
      ok: true,
      release: served,
    });
  });

  it("can be switched off at any time, in the middle of the code's steps too", () => {
    const on = recordAfter(...code, ...phases);
    const isOff = { ok: true, release: { ...on, flag: { ...off, step: "off" } } };
    expect(ask(on, "flag-off")).toMatchObject(isOff);
    const later = ask(on, "5", { desired: aSnapshot("1.2.5") });
    if (!later.ok) throw new Error(later.message);
    const next = ask(later.release, "flag-off", { desired: aSnapshot("1.2.5") });
    expect(next).toMatchObject({ ok: true, release: { step: "5", exposure: 5, flag: { step: "off" } } });
  });

  it("keeps what it is through a rollout of other code, and through its way back", () => {
    const on = recordAfter(...code, ...phases);
    const other = { desired: aSnapshot("1.2.5") };
    const first = ask(on, "5", other);
    if (!first.ok) throw new Error(first.message);
    expect(first.release).toMatchObject({ candidate: { version: "1.2.5" }, flag: on.flag });
    expect(ask(first.release, "revert", other)).toMatchObject({ ok: true, release: on });
  });
});

describe("what is left over in config", () => {
  it("the phase that the flag is at asks for nothing of newer code", () => {
    const on = recordAfter(...code, ...phases);
    const next = ask(on, "flag-settle", { desired: aSnapshot("1.2.5") });
    expect(next).toMatchObject({
      ok: true,
      release: on,
      notes: [expect.stringMatching(/1\.2\.5 is pending/)],
    });
    const open = recordAfter(...code, "flag-beta", "flag-10");
    expect(ask(open, "flag-10")).toMatchObject({ ok: true, release: open, notes: [] });
  });

  it("a phase that has passed is ignored; one that isn't next is refused", () => {
    const open = recordAfter(...code, "flag-beta", "flag-10");
    expect(ask(open, "flag-beta")).toMatchObject({
      release: open,
      notes: [expect.stringMatching(/ignored/)],
    });
    expect(ask(open, "flag-50")).toMatchObject({ ok: false, hint: expect.stringContaining("flag-25") });
    expect(ask(open, "10")).toMatchObject({ ok: true, release: open });
  });
});

describe("a flag that comes and goes with the program", () => {
  const { flag: _none, ...without } = baseline;

  it("is made off by any update, also by one of the code", () => {
    expect(ask(without)).toMatchObject({ ok: true, release: { flag: off } });
    expect(ask(without, "5")).toMatchObject({ ok: true, release: { exposure: 5, flag: off } });
  });

  it("is gone from the record with the program's, or it would come back as open as it was", () => {
    const on = recordAfter(...code, ...phases);
    const { flag: _flag, ...target } = { desired: aSnapshot("1.2.4"), steps: code, stableReplicas: 6, flag };
    const gone = nextRelease(on, target);
    expect(gone.ok && gone.release).not.toHaveProperty("flag");
    expect(gone.ok && ask(gone.release)).toMatchObject({ ok: true, release: { flag: off } });
  });

  it("an exact record of a time without it has it off; one with it is rendered as it is", () => {
    expect(asRendered(without, flag)).toEqual(baseline);
    expect(asRendered(recordAfter(...code, "flag-beta"), flag)).toEqual(recordAfter(...code, "flag-beta"));
    expect(asRendered(baseline, undefined)).toEqual(without);
    expect(asRendered(without, undefined)).toBe(without);
  });
});

describe("what it says", () => {
  it("a flag that waits for its phases is no news in an update of the code", () => {
    expect(ask(served)).toMatchObject({ ok: true, notes: [] });
    expect(ask(baseline)).toMatchObject({ notes: [expect.stringMatching(/^Version 1\.2\.4 is pending/)] });
  });

  it("a changed definition that waits is", () => {
    const changed = {
      flag: {
        steps: phases,
        desired: flagSnapshot("1.2.4", aFlagSpec({ beta: { users: ["tenant-9"], groups: [] } })),
      },
    };
    expect(ask(recordAfter(...code, ...phases), undefined, changed)).toMatchObject({
      notes: [expect.stringMatching(/has changed/)],
    });
    expect(ask(recordAfter(...code, "flag-beta"), undefined, changed)).toMatchObject({
      notes: [expect.stringMatching(/pending/)],
    });
  });
});
