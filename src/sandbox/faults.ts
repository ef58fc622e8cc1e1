import { RolloutError } from "../errors/errors.ts";
import { betaExposure } from "../lib/strategies.ts";
import type { GaugeName } from "../types/gauge.ts";
import { delayable, type FaultForm, faultForms, spanOf } from "./fault-forms.ts";

/** What goes wrong. Rates in errors per million requests, times in ms. */
export type FaultEffect =
  | { readonly kind: "errors" | "environment-errors"; readonly ratePpm: number }
  | { readonly kind: "latency"; readonly p95Ms: number }
  /** That many in each 15 minutes. */
  | { readonly kind: "exceptions"; readonly count: number }
  | { readonly kind: "health"; readonly answer: number | "no-answer" | "cluster-down" }
  /** A check of the staged version, by its name. */
  | { readonly kind: "validation"; readonly check: string }
  /** A level that is watched: percent, of `queue-depth` messages, of `queue-lag` seconds. */
  | { readonly kind: "level"; readonly gauge: GaugeName | "queue-lag"; readonly value: number }
  /** A review metric past its limit; a source of levels that answers `error`. */
  | { readonly kind: "business-metric" | "gauge-outage"; readonly name: string }
  /** What is left of the error budget of 30 days, percent of it in steps of 0.01. */
  | { readonly kind: "budget"; readonly remainingPercent: number }
  | {
      readonly kind:
        | "slo-miss"
        | "integrity"
        | "budget-burn"
        | "stuck-swap"
        | "stuck-drain"
        | "crashloop"
        | "image-pull"
        | "metrics-outage"
        | "silent-canary"
        | "slow-router"
        /** The engine dies in the middle of the update to that exposure. */
        | "engine-crash"
        /** Somebody else writes into the flag; its store answers 429. */
        | "flag-edit"
        | "flag-throttle";
    };

/** One `--fault`. */
export type FaultSpec = FaultEffect & {
  /** Share of traffic on the candidate at which it starts, 0-100 %; of a flag the share of the tenants. */
  readonly atExposure: number;
  /** `@flag-25`: it is the flag's, beside whatever else the stack rolls out. */
  readonly part?: "flag";
  /** How long after that it starts; absent: at once. */
  readonly delayMs?: number;
  /** How long it lasts; absent: for good. */
  readonly durationMs?: number;
  /** As it was written. */
  readonly text: string;
};

const DEFAULT_EXPOSURE = 5;
const shape =
  /^(?<name>[a-z-]+)(?:=(?<value>[^@:]+))?(?:@(?<exposure>[^:+]+)(?:\+(?<delay>[^:]+))?)?(?::(?<duration>.+))?$/;

/**
 * Reads `kind[=value][@exposure[+delay]][:duration]`: `errors=1.1%@20+5m:121s` starts 5 min after 20 % is
 * first in force and lasts 121 s. Exposure defaults to 5, of the error budget to 0: it is so from the start. A flag's
 * phases are `@flag-25`, `@flag-beta` or `@beta`: there the fault is of the requests with the feature on.
 * Throws a RolloutError (exit 2) that lists every form.
 */
export function parseFault(text: string): FaultSpec {
  const { name, value, exposure, delay, duration } = shape.exec(text.trim())?.groups ?? {};
  const form = name === undefined ? undefined : faultForms[name];
  if (form === undefined) throw refused(text, "no such fault");
  const effect = form.value === undefined ? withoutValue(form, value) : form.value(value ?? "");
  if (effect === undefined) throw refused(text, `the form is ${form.example}`);
  const place = placeOf(form, exposure);
  if (place === undefined || place.atExposure > 100)
    throw refused(
      text,
      `after @ stands an exposure of 0-100 %, or a flag's phase like flag-25 or beta, not ${exposure}`,
    );
  const late = delay === undefined ? {} : { delayMs: spanOf(delay) ?? Number.NaN };
  if (delay !== undefined && (!delayable.has(effect.kind) || Number.isNaN(late.delayMs)))
    throw refused(
      text,
      "after + stands how long after its exposure a fault of requests or of a level starts, like 5m",
    );
  if (duration === undefined) return { ...effect, ...place, ...late, text };
  const durationMs = spanOf(duration);
  if (!form.lasts) throw refused(text, `${name} has no duration`);
  if (durationMs === undefined)
    throw refused(text, `after : stands a duration like 119s, 2m or 1h, not ${duration}`);
  return { ...effect, ...place, ...late, durationMs, text };
}

function placeOf(
  { atExposure = DEFAULT_EXPOSURE, part }: FaultForm,
  text: string | undefined,
): Pick<FaultSpec, "atExposure" | "part"> | undefined {
  const own = part === undefined ? {} : { part };
  if (text === undefined) return { atExposure, ...own };
  const { flag, share } = /^(?<flag>flag-)?(?<share>beta|\d+(?:\.\d+)?%?)$/.exec(text)?.groups ?? {};
  if (share === undefined) return undefined;
  const isFlag = flag !== undefined || share === "beta";
  const exposure = share === "beta" ? betaExposure : Number(share.replace("%", ""));
  return { atExposure: exposure, ...(isFlag ? { part: "flag" } : own) };
}

function withoutValue(form: FaultForm, value: string | undefined): FaultEffect | undefined {
  return value === undefined ? form.effect : undefined;
}

function refused(text: string, rule: string): RolloutError {
  const known = Object.values(faultForms).map((form) => form.example);
  return new RolloutError(`The fault ${JSON.stringify(text)} can't be read: ${rule}.`, {
    code: "fault-unknown",
    exit: "config",
    path: "fault",
    hint: `The forms: ${known.join(" | ")}. @ is the exposure at which it starts (default ${DEFAULT_EXPOSURE}), : how long it lasts.`,
  });
}
