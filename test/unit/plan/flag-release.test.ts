import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { betaExposure } from "../../../src/lib/strategies.ts";
import { flagSnapshot, isOff, nextFlagRelease, offSnapshot } from "../../../src/plan/flag-release.ts";
import { exposuresOfPhases, phaseSteps } from "../../../src/plan/flag-steps.ts";
import { releaseSchema } from "../../../src/plan/release-schema.ts";
import { recordSteps } from "../../../src/plan/steps.ts";
import type { FlagRelease } from "../../../src/types/release.ts";
import { aRelease } from "../../support/builders.ts";
import { aFlag, aFlagSpec } from "../../support/memory-flag-stack.ts";

const spec = aFlagSpec();
const desired = flagSnapshot("1.2.4", spec);
const other = flagSnapshot("1.2.5", aFlagSpec({ beta: { users: ["tenant-beta-009"], groups: [] } }));
const steps = recordSteps(phaseSteps(aFlag(), exposuresOfPhases(aFlag())));
const installed: FlagRelease = {
  schemaVersion: 1,
  stable: offSnapshot(spec),
  exposure: 0,
  previousExposure: 0,
  step: "install",
};

function ask(record: FlagRelease | undefined, step?: string, of = desired) {
  return nextFlagRelease(record, { desired: of, steps, ...(step === undefined ? {} : { step }) });
}

/** The record after the named steps. */
function recordAfter(...walked: readonly string[]): FlagRelease {
  return walked.reduce<FlagRelease>((record, step) => {
    const next = ask(record, step);
    if (!next.ok) throw new Error(next.message);
    return next.release;
  }, installed);
}

describe("a flag's release", () => {
  it.each([undefined, "install", "off"])("is off at its install (step %s)", (step) => {
    expect(ask(undefined, step)).toMatchObject({ ok: true, release: { stable: offSnapshot(spec) }, to: 0 });
  });

  it("is never open at its install", () => {
    expect(ask(undefined, "beta")).toMatchObject({ ok: false, code: "step-refused" });
    expect(ask(undefined, "100")).toMatchObject({ ok: false, code: "step-refused" });
  });

  it("goes through its phases alone, and settles on for everybody", () => {
    const seen = steps.map((_, index) => recordAfter(...steps.slice(0, index + 1)));
    expect(seen.map(({ step, previousExposure, exposure }) => [step, previousExposure, exposure])).toEqual([
      ["beta", 0, betaExposure],
      ["10", betaExposure, 10],
      ["25", 10, 25],
      ["50", 25, 50],
      ["100", 50, 100],
      ["settle", 0, 0],
    ]);
    expect(seen.at(-1)).toEqual({ ...installed, stable: desired, step: "settle" });
    expect(ask(recordAfter("beta"), "25")).toMatchObject({ ok: false, code: "step-refused" });
    expect(ask(installed, "10")).toMatchObject({ ok: false, hint: expect.stringContaining("step beta") });
  });

  it.each(steps.slice(0, 5))("goes from %s back to the record that it set out from", (last) => {
    const record = recordAfter(...steps.slice(0, steps.indexOf(last) + 1));
    expect(ask(record, "revert")).toMatchObject({ ok: true, release: installed });
  });

  it.each(steps)("is taken from everybody at %s by `off`, and the same again changes nothing", (last) => {
    const record = recordAfter(...steps.slice(0, steps.indexOf(last) + 1));
    const off = ask(record, "off");
    expect(off).toMatchObject({ ok: true, release: { ...installed, step: "off" }, to: 0 });
    if (!off.ok) return;
    expect(off.release.candidate).toBeUndefined();
    expect(ask(off.release, "off")).toEqual({ ok: true, release: off.release, from: 0, to: 0, notes: [] });
    // And can be opened again, from the beginning.
    expect(ask(off.release, "beta")).toMatchObject({ ok: true, to: betaExposure });
  });

  it("stays as it is without a step, and says what is pending", () => {
    const kept = ask(installed);
    expect(kept).toMatchObject({ ok: true, release: installed });
    expect(kept.ok && kept.notes.join()).toMatch(/1\.2\.4 is pending: off stays.*config set step beta/);
    expect(ask(recordAfter("beta", "10"))).toMatchObject({ release: recordAfter("beta", "10"), notes: [] });
    expect(ask(recordAfter(...steps))).toMatchObject({ release: recordAfter(...steps), notes: [] });
  });

  it("is the same flag whatever code it comes with", () => {
    const later = flagSnapshot("2.0.0", spec);
    expect(later.identity).toBe(desired.identity);
    expect(ask(recordAfter(...steps), undefined, later)).toMatchObject({
      release: recordAfter(...steps),
      notes: [],
    });
    expect(ask(recordAfter("beta"), "10", later)).toMatchObject({ ok: true, to: 10 });
  });
});

describe("another definition", () => {
  it("waits for a flag in its phases to be finished or taken back", () => {
    const record = recordAfter("beta", "10");
    expect(ask(record, undefined, other)).toMatchObject({ ok: true, release: record });
    expect(ask(record, "25", other)).toMatchObject({ ok: false, code: "step-refused" });
    expect(ask(record, "revert", other)).toMatchObject({ ok: true, release: installed });
  });

  it("is never opened over one that is on: a phase would take it from somebody", () => {
    const on = recordAfter(...steps);
    const kept = ask(on, undefined, other);
    expect(kept).toMatchObject({ ok: true, release: on, notes: [expect.stringContaining("has changed")] });
    expect(ask(on, "settle", other)).toMatchObject({ ok: true, release: on });
    expect(ask(on, "beta", other)).toMatchObject({
      ok: false,
      code: "flag-is-on",
      hint: expect.stringContaining(`flag off ${spec.id}`),
    });
  });

  it("comes in place of one that is off with its first phase", () => {
    const off = ask(recordAfter(...steps), "off");
    if (!off.ok) throw new Error(off.message);
    const opened = ask(off.release, "beta", other);
    expect(opened).toMatchObject({ ok: true, release: { stable: offSnapshot(spec), candidate: other } });
    expect(opened.ok && ask(opened.release, "revert", other)).toMatchObject({ release: off.release });
  });
});

describe("another id", () => {
  const renamed = flagSnapshot("1.2.4", aFlagSpec({ id: "AuditTrail.Other" }));

  it("is another flag, made off in place of one that is off", () => {
    expect(ask(installed, undefined, renamed)).toMatchObject({
      ok: true,
      release: { stable: offSnapshot(aFlagSpec({ id: "AuditTrail.Other" })), exposure: 0 },
    });
    expect(ask(installed, "beta", renamed)).toMatchObject({ ok: false, code: "step-refused" });
  });

  it("waits while the one before is on, or in its phases", () => {
    expect(ask(recordAfter(...steps), undefined, renamed)).toMatchObject({ release: recordAfter(...steps) });
    expect(ask(recordAfter(...steps), "beta", renamed)).toMatchObject({ code: "flag-is-on" });
    expect(ask(recordAfter("beta"), undefined, renamed)).toMatchObject({ release: recordAfter("beta") });
  });
});

describe("the record of a flag", () => {
  it("goes through the stack's output unchanged, at every step", () => {
    const variants = { on: { name: "new", value: { a: [1, null] } }, off: { name: "old", value: null } };
    const rich = flagSnapshot("1", aFlagSpec({ by: "variant", variants, telemetry: true }));
    const records = [installed, ...steps.map((_, at) => recordAfter(...steps.slice(0, at + 1)))];
    for (const record of [...records, { ...installed, stable: rich }]) {
      expect(releaseSchema.parse(JSON.parse(JSON.stringify(record)))).toEqual(record);
      const beside = { ...aRelease(), flag: record };
      expect(releaseSchema.parse(JSON.parse(JSON.stringify(beside)))).toEqual(beside);
    }
  });

  it("is never taken for a service's, nor the other way round", () => {
    expect(() => ask(aRelease())).toThrow(expect.objectContaining({ code: "record-other-kind" }));
    expect(() => ask(aRelease(), "beta")).toThrow(expect.objectContaining({ code: "record-other-kind" }));
  });

  it("knows off by more than a version's name", () => {
    expect(isOff(offSnapshot(spec))).toBe(true);
    expect(isOff(flagSnapshot("off", spec))).toBe(false);
  });

  it("has exposure only with a candidate, whatever is asked of it in whatever order", () => {
    const asked = fc.array(
      fc.tuple(fc.constantFrom(...steps, "off", "revert", undefined), fc.constantFrom(desired, other)),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(asked, (walk) => {
        let record: FlagRelease = installed;
        for (const [step, of] of walk) {
          const before = record;
          const next = ask(record, step, of);
          if (!next.ok) continue;
          record = next.release;
          expect(record.candidate === undefined).toBe(record.exposure === 0);
          // The other definition is never open before its own first phase.
          const opened = record.candidate !== undefined && before.candidate === undefined;
          if (opened) expect([record.step, isOff(before.stable)]).toEqual(["beta", true]);
        }
      }),
      { numRuns: 500 },
    );
  });
});
