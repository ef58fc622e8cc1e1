import { concernWords } from "../../lib/concern.ts";
import { exposureTrail } from "../../lib/strategies.ts";
import type { Concern } from "../../types/concern.ts";
import type { Cause, StateName } from "../../types/state.ts";
import type { GateReading } from "../../types/verdict.ts";
import type { RecordedOff } from "../flag-meant.ts";
import { offText } from "./flag.ts";
import { valueText } from "./gates.ts";
import { columns, painter } from "./human.ts";
import { ago, stepLabel } from "./words.ts";

/** `data` of `status --json`. Times are ISO 8601, wall clock. */
export interface StatusView {
  readonly stack: string;
  readonly service: string;
  /** Version in service by the journal; `unknown` without one, `none` before the first install. */
  readonly served: string;
  readonly journal: string;
  /** The last rollout; absent where the journal has none. */
  readonly rollout?: RolloutStatus;
  readonly driver?: DriverView;
  /** The emergency off since the last rollout began. */
  readonly flagOff?: RecordedOff;
}

export interface RolloutStatus {
  readonly rolloutId: string;
  readonly from: string;
  readonly to: string;
  readonly state: StateName;
  readonly step: string;
  /** Since when it is in this state. */
  readonly since: string;
  readonly exposures: readonly number[];
  readonly cause?: Cause;
  readonly failedAt?: string;
  /** What the candidate is kept for as evidence, at weight 0. */
  readonly kept?: Concern;
  /** Its outcome, once it is over or held. */
  readonly outcome?: string;
  readonly waitsFor: string;
  /** Whom people are called for; absent: nobody. */
  readonly alarm?: {
    readonly since: string;
    readonly acknowledgedBy?: string;
    readonly down?: string;
    readonly sev1?: string;
    readonly told: readonly string[];
  };
  /** The last verdicts that were written: verdicts are written when one changes. */
  readonly readings: readonly GateReading[];
  readonly readingsAt?: string;
  readonly lastAt: string;
}

export interface DriverView {
  /** Whether a live process holds the lease. */
  readonly alive: boolean;
  /** `user@host pid 123`, the last one. */
  readonly holder?: string;
}

/** A stack's rollout for people. */
export function renderStatus(
  view: StatusView,
  options: { readonly color: boolean; readonly nowMs: number },
): string {
  const { stack, service, served, rollout, journal } = view;
  if (rollout === undefined) return `${service} on ${stack}: no rollout yet\n  journal  ${journal}`;
  const paint = painter(options.color);
  const { from, to, state, step, exposures, cause } = rollout;
  const rows = [
    ["  ", "state", `${state} at ${stepLabel(step)}, since ${ago(rollout.since, options.nowMs)}`],
    ["  ", "exposures", exposures.length > 0 ? exposureTrail(exposures) : "none yet"],
    ...(cause ? [["  ", "cause", `${cause.message} (${cause.reason})`]] : []),
    ...(rollout.kept === undefined ? [] : [["  ", "kept", keptText(rollout.kept)]]),
    ["  ", "waits for", rollout.waitsFor],
    ...(rollout.alarm === undefined ? [] : [["  ", "alarm", alarmText(rollout.alarm, options.nowMs)]]),
    ...(view.flagOff === undefined
      ? []
      : [["  ", "flag", `${view.flagOff.flag} ${offText(view.flagOff, options.nowMs)}`]]),
    ["  ", "driver", driverText(view)],
    ["  ", "serves", served],
    ["  ", "journal", `${journal}, last written ${ago(rollout.lastAt, options.nowMs)}`],
  ];
  const gates = rollout.readings.map((reading) => [
    "  ",
    reading.gate,
    reading.verdict,
    valueText(reading),
    reading.message,
  ]);
  const title = paint("bold", `${service} ${from} → ${to}`);
  const seen =
    rollout.readingsAt === undefined
      ? ""
      : `\n\n  gates, ${ago(rollout.readingsAt, options.nowMs)}\n${columns(gates)}`;
  return `${title} on ${stack}\n\n${columns(rows)}${seen}`;
}

function keptText(kept: Concern): string {
  return `kept as evidence of ${concernWords[kept]}: no traffic, pods and logs stay`;
}

function alarmText(
  { since, acknowledgedBy, down, sev1, told }: NonNullable<RolloutStatus["alarm"]>,
  nowMs: number,
): string {
  return [
    `since ${ago(since, nowMs)}`,
    acknowledgedBy === undefined ? "nobody has acknowledged it" : `${acknowledgedBy} has it`,
    ...(down === undefined ? [] : [`the service is down: ${down}`]),
    ...(sev1 === undefined ? [] : [`SEV1: ${sev1}`]),
    ...(told.length === 0 ? [] : [`called: ${told.join(", ")}`]),
  ].join("; ");
}

function driverText({ driver, rollout }: StatusView): string {
  const holder = driver?.holder ?? "unknown";
  if (driver?.alive) return holder;
  if (rollout?.outcome !== undefined && rollout.outcome !== "held") return `none (last: ${holder})`;
  return `nobody: \`rollouts run\` takes it up (last: ${holder})`;
}
