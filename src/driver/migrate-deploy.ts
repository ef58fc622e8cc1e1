import { RolloutError } from "../errors/errors.ts";
import { assertNever } from "../lib/assert-never.ts";
import { redact } from "../lib/redact.ts";
import type { Outcome } from "./outcome.ts";
import { isInFlight, lastRollout, type Recorded } from "./resume.ts";
import { type RunOptions, runRollout } from "./run.ts";
import type { DriverDeps } from "./session.ts";

export interface DeployAsked {
  readonly version: string;
  /** Versions of the phase's other direction: a rollout of one of these that is in flight is taken back first. */
  readonly instead: readonly string[];
}

/** What a deploy came to. Messages are redacted. */
export type DeployResult =
  | { readonly how: "done"; readonly message: string }
  | { readonly how: "failed"; readonly message: string }
  /** Asked to stop: the next deploy of the same version takes its rollout up. */
  | { readonly how: "interrupted" };

/**
 * Takes the stack to a version by a whole rollout, or finds that it is there. Safe to repeat. Throws what stops before
 * anything is touched, and a lost lease.
 */
export type Deploy = (asked: DeployAsked) => Promise<DeployResult>;

export interface DeployOptions extends Omit<RunOptions, "version"> {
  /** Hears what each rollout came to: an approval that is missing is asked for in there. */
  readonly ended?: (outcome: Outcome) => void;
}

/**
 * Deploys under the stack's own strategy, gates and approvals. Promoted and in service already are done; whatever else a
 * rollout ends as is a failure. `open` is asked at each deploy.
 */
export function createDeploy(open: () => Promise<DriverDeps>, { ended, ...options }: DeployOptions): Deploy {
  return async ({ version, instead }) => {
    const deps = await open();
    const recorded = lastRollout(await deps.record.journal.read());
    const other = recorded !== undefined && isInFlight(recorded) ? recorded : undefined;
    if (other !== undefined && other.plan.to !== version && instead.includes(other.plan.to)) {
      const back = await takeBack(deps, other, { version, holder: options.holder });
      if (back !== undefined) return masked(deps, back);
    }
    const outcome = await runRollout(deps, { ...options, version });
    ended?.(outcome);
    return masked(deps, resultOf(outcome));
  };
}

/** Amid a rollout nothing else can begin. Undefined: it is out of the way. */
async function takeBack(
  deps: DriverDeps,
  { rolloutId, plan }: Recorded,
  { version, holder }: { readonly version: string; readonly holder: string },
): Promise<DeployResult | undefined> {
  const at = new Date(deps.runtime.wall.now()).toISOString();
  const reason = `the migration goes to ${version}`;
  await deps.record.requests.submit({ kind: "abort", by: holder, reason, at, rolloutId });
  const outcome = await runRollout(deps, { holder, version: plan.to, onlyResume: true });
  if (outcome.outcome === "reverted" || outcome.outcome === "blocked") return undefined;
  const result = resultOf(outcome);
  return result.how === "done"
    ? { how: "failed", message: `${result.message} before it could be taken back` }
    : result;
}

function masked({ secrets }: DriverDeps, result: DeployResult): DeployResult {
  return result.how === "interrupted" ? result : { ...result, message: redact(result.message, secrets) };
}

function resultOf(outcome: Outcome): DeployResult {
  const { version, cause, failedAt, heldAt } = outcome;
  const why = cause === undefined ? "" : `: ${cause.message}`;
  switch (outcome.outcome) {
    case "promoted":
      return { how: "done", message: `${version} was promoted` };
    case "nothing-to-do":
      return { how: "done", message: `${version} is in service already` };
    case "reverted":
      return { how: "failed", message: `${version} was reverted at ${failedAt}${why}` };
    case "revert-failed":
      return { how: "failed", message: `the revert of ${version} did not verify${why}` };
    case "held":
      return { how: "failed", message: `${version} is held at ${heldAt}${why}` };
    case "blocked":
      return { how: "failed", message: `${version} was blocked, nothing was touched${why}` };
    case "interrupted":
      return { how: "interrupted" };
    case "lease-lost":
      throw new RolloutError(`Another driver goes on with the rollout of ${version}.`, {
        code: "lease-lost",
        exit: "leaseHeld",
        hint: "`rollouts status` shows who drives it; then ask for the phase again.",
      });
    default:
      return assertNever(outcome.outcome, "outcome");
  }
}
