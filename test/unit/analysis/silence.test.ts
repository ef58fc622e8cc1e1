import { describe, expect, it } from "vitest";
import { readSilence, type SilenceInput, silentStretch } from "../../../src/analysis/silence.ts";
import { bins } from "../../support/builders.ts";

/** 5 % of 10 requests/s: half a request a second. */
const base: SilenceInput = { weight: 0.05, requestsPerSecond: 10, seconds: 60, canary: 0, stable: 570 };

describe("silence is an observation (gates.md 3): none where 7 were due has a chance below 0.001", () => {
  const cases: Record<string, { input: Partial<SilenceInput>; state: string; action: string }> = {
    Heard: { input: { canary: 1 }, state: "heard", action: "none" },
    TooEarly: { input: { seconds: 13.9, stable: 130 }, state: "too-early", action: "none" },
    HoldsAtSeven: { input: { seconds: 14, stable: 130 }, state: "canary-silent", action: "hold" },
    ThirtyButNotFiveMinutes: {
      input: { requestsPerSecond: 1000, seconds: 299, stable: 284_000 },
      state: "canary-silent",
      action: "hold",
    },
    FiveMinutesButNotThirty: {
      input: { requestsPerSecond: 1.99, seconds: 300, stable: 567 },
      state: "canary-silent",
      action: "hold",
    },
    Reverts: {
      input: { requestsPerSecond: 2, seconds: 300, stable: 570 },
      state: "canary-silent",
      action: "revert",
    },
    BothSilent: { input: { seconds: 3600, stable: 0 }, state: "telemetry-outage", action: "hold" },
    BothSilentBeforeTheCanaryIsDue: {
      input: { seconds: 1, stable: 0 },
      state: "telemetry-outage",
      action: "hold",
    },
    BothSilentButNothingWasDue: {
      input: { requestsPerSecond: 1 / 6, seconds: 36, stable: 0 },
      state: "too-early",
      action: "none",
    },
    EverythingOnTheCanary: {
      input: { weight: 1, seconds: 3600, stable: 0 },
      state: "telemetry-outage",
      action: "hold",
    },
    RateOfNothing: {
      input: { requestsPerSecond: Number.NaN, seconds: 3600 },
      state: "too-early",
      action: "none",
    },
    NoTrafficKnown: { input: { requestsPerSecond: 0, seconds: 3600 }, state: "too-early", action: "none" },
    RateUnknown: {
      input: { requestsPerSecond: Number.NaN, seconds: 3600 },
      state: "too-early",
      action: "none",
    },
  };
  it.each(Object.entries(cases))("%s", (_name, { input, state, action }) => {
    expect(readSilence({ ...base, ...input })).toMatchObject({ state, action });
  });

  it("says what was due and what came", () => {
    const { message, expected } = readSilence({
      ...base,
      seconds: 600,
      requestsPerSecond: 100,
      stable: 57_012,
    });
    expect(expected).toBe(3000);
    expect(message).toBe(
      "canary reported no request in 600 s while stable reported 57,012; about 3,000 were due",
    );
  });

  it("blames nobody for an outage of the telemetry", () => {
    expect(readSilence({ ...base, stable: 0 }).message).toBe(
      "neither canary nor stable reported a request in 60 s, about 600 were due: the telemetry is out",
    );
  });
});

describe("the stretch since the canary was last heard", () => {
  const at = (minute: number) => minute * 60_000;
  const series = (counts: readonly number[]) =>
    bins(
      0,
      counts.map((n) => ({ n })),
    );
  const stable = series(Array.from({ length: 60 }, () => 100));
  const options = { confirmedAtMs: at(2), watermarkMs: at(8), binMs: 10_000 };

  it.each([
    { name: "never at this step", heardAt: [0, 60_000], seconds: 360, requests: 3600 },
    { name: "at minute 4, in the midst", heardAt: [150_000, 240_000], seconds: 230, requests: 2300 },
    { name: "just now", heardAt: [470_000], seconds: 0, requests: 0 },
    { name: "after the watermark, which isn't complete", heardAt: [480_000], seconds: 360, requests: 3600 },
  ])("$name", ({ heardAt, seconds, requests }) => {
    const candidate = heardAt.flatMap((startMs) => bins(startMs, [{ n: 3 }]));
    for (const order of [candidate, candidate.toReversed()]) {
      expect(silentStretch({ candidate: order, stable }, options)).toEqual({
        seconds,
        canary: 0,
        stable: requests,
      });
    }
  });

  it("begins with the first whole bin: what came before it is in none", () => {
    const within = { ...options, confirmedAtMs: 122_000, watermarkMs: 137_000 };
    expect(silentStretch({ candidate: [], stable }, within)).toEqual({ seconds: 0, canary: 0, stable: 0 });
  });

  it("is no time at all before the watermark has reached the step", () => {
    const early = { ...options, watermarkMs: at(1) };
    expect(silentStretch({ candidate: [], stable }, early)).toEqual({ seconds: 0, canary: 0, stable: 0 });
  });
});
