import { parseDuration } from "../lib/duration.ts";
import type { GateLimits } from "../types/gates.ts";
import type { EnvironmentPolicy, Increment, Origin } from "../types/policy.ts";
import { parsePercent } from "./percent.ts";
import { defaults, everyPreset, gatesOf, presets, strategyExposures } from "./presets.ts";
import type { WrittenConfig } from "./schema.ts";

/** Chooses `written` if there is one, else `base`, and notes the origin of the value. */
export type Picker = <T>(
  path: string,
  written: T | undefined,
  base: { readonly from: "preset" | "default"; readonly value: T },
) => T;

/** How long the triggers on shares must be breached, as asked for; the policy counts it in windows. */
export interface Sustained {
  readonly errorRateSeconds: number;
  readonly p95Seconds: number;
}

/** A picker and what it noted. */
export function createPicker(): { readonly pick: Picker; readonly origins: Record<string, Origin> } {
  const origins: Record<string, Origin> = {};
  return {
    origins,
    pick: (path, written, base) => {
      origins[path] = written === undefined ? base.from : "config";
      return written ?? base.value;
    },
  };
}

/** A duration that the schema has accepted, in seconds; undefined where none is written. */
export function secondsOf(written: string | undefined): number | undefined {
  const parsed = parseDuration(written);
  return parsed.ok ? parsed.seconds : undefined;
}

const preset = <T>(value: T) => ({ from: "preset", value }) as const;
const standard = <T>(value: T) => ({ from: "default", value }) as const;

/** How long each trigger must last: config, else the guide's. */
export function sustainedOf(written: WrittenConfig): Sustained {
  const { errorRate, p95 } = written.gates ?? {};
  const gates = gatesOf(written.preset);
  return {
    errorRateSeconds:
      (typeof errorRate === "object" ? secondsOf(errorRate.for) : undefined) ?? gates.errorRate.forSeconds,
    p95Seconds: (typeof p95 === "object" ? secondsOf(p95.for) : undefined) ?? gates.p95.forSeconds,
  };
}

/** Strategy and increments. A strategy against the preset's brings its own exposures, with the preset's soak. */
export function pickIncrements(
  written: WrittenConfig,
  pick: Picker,
): Pick<EnvironmentPolicy, "strategy" | "increments" | "cohort"> {
  const base = presets[written.preset];
  const strategy = pick("strategy", written.strategy, preset(base.strategy));
  const exposures =
    strategy === base.strategy ? preset(base.exposures) : standard(strategyExposures[strategy]);
  const items = written.increments ?? exposures.value.map((exposure) => ({ exposure, soak: undefined }));
  const increments = items.map((item, index): Increment => {
    const own = typeof item === "number" ? { exposure: item, soak: undefined } : item;
    const at = `increments[${index}]`;
    return {
      exposure: pick(`${at}.exposure`, written.increments && own.exposure, {
        ...exposures,
        value: own.exposure,
      }),
      soakSeconds: pick(
        `${at}.soakSeconds`,
        secondsOf(own.soak) ?? secondsOf(written.soak),
        preset(base.soakSeconds),
      ),
    };
  });
  if (written.cohort === undefined) return { strategy, increments };
  const { header, tenants } = written.cohort;
  return { strategy, increments, cohort: pick("cohort", { header, tenants }, standard({ header, tenants })) };
}

/** The hard limits. */
export function pickGates(written: WrittenConfig, pick: Picker): GateLimits {
  const gates = gatesOf(written.preset);
  const { exceptions, health, window, minRequests } = written.gates ?? {};
  const thrown = typeof exceptions === "object" ? exceptions : { limit: exceptions, window: undefined };
  const windowSeconds = pick("gates.windowSeconds", secondsOf(window), preset<number>(gates.windowSeconds));
  return {
    ...pickShareGates(written, pick, windowSeconds),
    exceptions: {
      limit: pick("gates.exceptions.limit", thrown.limit, preset<number>(gates.exceptions.limit)),
      windowSeconds: pick(
        "gates.exceptions.windowSeconds",
        secondsOf(thrown.window),
        preset<number>(gates.exceptions.windowSeconds),
      ),
    },
    health: {
      tries: pick("gates.health.tries", health?.tries, preset<number>(gates.health.tries)),
      timeoutSeconds: pick(
        "gates.health.timeoutSeconds",
        secondsOf(health?.timeout),
        preset<number>(gates.health.timeoutSeconds),
      ),
    },
    windowSeconds,
    minRequests: pick("gates.minRequests", minRequests, preset<number>(gates.minRequests)),
  };
}

function pickShareGates(
  written: WrittenConfig,
  pick: Picker,
  windowSeconds: number,
): Pick<GateLimits, "errorRate" | "p95"> {
  const gates = gatesOf(written.preset);
  const { errorRate, p95, window } = written.gates ?? {};
  const error = typeof errorRate === "object" ? errorRate : { limit: errorRate, for: undefined };
  const latency = typeof p95 === "object" ? p95 : { limit: p95, for: undefined };
  const sustained = sustainedOf(written);
  const windows = (gate: "errorRate" | "p95", own: string | undefined, seconds: number) => {
    const count = Math.max(1, Math.ceil(seconds / windowSeconds));
    // Whoever changes the length of the windows changes how many make up the same time.
    const asked = own === undefined && window === undefined ? undefined : count;
    return pick(`gates.${gate}.windows`, asked, preset(count));
  };
  return {
    errorRate: {
      limitPercent: pick(
        "gates.errorRate.limitPercent",
        parsePercent(error.limit),
        preset<number>(gates.errorRate.limitPercent),
      ),
      windows: windows("errorRate", error.for, sustained.errorRateSeconds),
    },
    p95: {
      limitMs: pick("gates.p95.limitMs", millisOf(latency.limit), preset<number>(gates.p95.limitMs)),
      windows: windows("p95", latency.for, sustained.p95Seconds),
    },
  };
}

function millisOf(written: string | undefined): number | undefined {
  const parsed = parseDuration(written);
  return parsed.ok ? parsed.ms : undefined;
}

/** Times. */
export function pickTimes(
  written: WrittenConfig,
  pick: Picker,
): Pick<EnvironmentPolicy, "lookSeconds" | "drainSeconds" | "hold" | "timeouts"> {
  const { hold, timeouts } = defaults;
  const timeout = (name: keyof NonNullable<WrittenConfig["timeouts"]>) => {
    const path = `${name}Seconds` as const;
    // Whole pools come up and are emptied in one update, node by node.
    const pools = name === "rollout" && written.lever?.kind === "node-pools";
    const value = pools ? defaults.nodePools.rolloutSeconds : timeouts[path];
    return pick(`timeouts.${path}`, secondsOf(written.timeouts?.[name]), standard<number>(value));
  };
  return {
    lookSeconds: pick("lookSeconds", secondsOf(written.look), preset<number>(everyPreset.lookSeconds)),
    drainSeconds: pick("drainSeconds", secondsOf(written.drain), standard<number>(defaults.drainSeconds)),
    hold: {
      stepSeconds: pick(
        "hold.stepSeconds",
        secondsOf(written.hold?.step),
        standard<number>(hold.stepSeconds),
      ),
      maxFactor: pick("hold.maxFactor", written.hold?.maxFactor, standard<number>(hold.maxFactor)),
    },
    timeouts: {
      rolloutSeconds: timeout("rollout"),
      confirmSeconds: timeout("confirm"),
      verifySeconds: timeout("verify"),
      afterRevertSeconds: timeout("afterRevert"),
    },
  };
}
