import type { ItemStatus } from "../types/checklist-status.ts";
import type { SeenCounts } from "../types/counts.ts";
import type { Decision, RolloutRequest } from "../types/decision.ts";
import type { RouteReading, ServiceReading } from "../types/observation.ts";
import type { RolloutPlan } from "../types/plan.ts";
import type { Cause, RolloutState } from "../types/state.ts";
import type { GateReading } from "../types/verdict.ts";
import { concernOf } from "./concern.ts";
import { nextInState } from "./in-state.ts";
import { states } from "./states.ts";
import { ask } from "./steps.ts";

/** What became of the present state's effect (an update, a lever call, a check). */
export type EffectStatus =
  | { readonly status: "none" | "running" | "done" }
  | { readonly status: "failed"; readonly kind: string; readonly message: string };

/** Everything that was seen at this look. */
export interface Observations {
  /** The fenced lease, read from its store. */
  readonly lease: "held" | "lost";
  readonly effect: EffectStatus;
  /** Verdicts of this look; empty where the state isn't watched. */
  readonly readings: readonly GateReading[];
  /** What the readings were made of, for people: nothing is decided on it. Absent where nothing could be counted. */
  readonly counts?: SeenCounts;
  /** The route read back; absent where it wasn't read or the read failed. */
  readonly route?: RouteReading;
  /** Whether the service itself is down, stable too: people are told, nothing is decided on it. */
  readonly service?: ServiceReading;
  /** A change of the stack or the route that this rollout did not make. */
  readonly foreign?: { readonly message: string; readonly aboveplan: boolean };
  /** The checklist of a step that is watched; absent where the stack has none. */
  readonly checklist?: readonly ItemStatus[];
}

export interface DecideInput {
  readonly plan: RolloutPlan;
  readonly state: RolloutState;
  readonly observations: Observations;
  readonly requests: readonly RolloutRequest[];
  /** ms of the rollout's clock. */
  readonly now: number;
  /** Stop as held once this step has passed its soak: increments by hand. */
  readonly stopAfter?: string;
}

/**
 * What to do next: pure and total. In every state the order is the same: lease still mine, abort, breached hard
 * limit, exposure above the plan, and only then what the state itself waits for (effects, evidence, deadlines,
 * pause, approval, advance). An early return before the breach check left 20 % on a bad canary elsewhere
 * (flagger#1268).
 */
export function decide(input: DecideInput): Decision {
  const { observations } = input;
  if (observations.lease === "lost") {
    const message = "another driver holds the lease: this one stops without touching anything";
    return { kind: "escalate", reason: "LeaseLost", message };
  }
  const found = turnsBack(input);
  if (found !== undefined) {
    const concern = concernOf(input);
    const cause: Cause = concern === undefined ? found : { ...found, concern };
    const back = goBack(input, cause);
    if (back !== undefined) return back;
  }
  return nextInState(input);
}

/** What turns back without a limit of its own that was breached. */
const ownReasons: ReadonlySet<string> = new Set([
  "EvidenceAgainst",
  "CanarySilent",
  "SloNotResolved",
  "IntegrityBroken",
]);

function turnsBack({ requests, observations }: DecideInput): Cause | undefined {
  const abort = requests.find((request) => request.kind === "abort");
  if (abort) {
    return { reason: "Aborted", message: `aborted by ${abort.by}: ${abort.reason}`, kind: "person" };
  }
  const breach = observations.readings.find((reading) => reading.verdict === "fail");
  if (breach) {
    const kind = breach.cause ?? "canary";
    const reason = ownReasons.has(breach.reason) ? breach.reason : "HardLimitBreached";
    return { reason, message: breach.message, kind, gate: breach.gate };
  }
  if (observations.foreign?.aboveplan) {
    return { reason: "ExposureAbovePlan", message: observations.foreign.message, kind: "foreign-change" };
  }
  return undefined;
}

/** The state's way back, one row of the table. Undefined where the way is onward: a revert is never stopped. */
function goBack({ plan, state }: DecideInput, cause: Cause): Decision | undefined {
  const { reason, message } = cause;
  switch (states[state.name].wayBack) {
    case "revert":
      // A first install has nothing to go back to.
      if (plan.steps[0]?.kind === "install") return ask(cause);
      return { kind: "revert", cause, reason, message };
    case "stop":
      return { kind: "complete", to: "blocked", cause, reason, message };
    case "stay":
      return {
        kind: "escalate",
        cause,
        reason,
        message: `${message}; promotion stops, traffic stays where it is`,
      };
    case "onward":
    case "none":
      return undefined;
  }
}
