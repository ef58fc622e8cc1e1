import type { PhaseAction, PhaseReverse } from "../types/migration.ts";

/** An action as people would say it: `deploy 2.0.0`, `run npm run migrate`. */
export function actionText(action: PhaseAction): string {
  return action.kind === "deploy" ? `deploy ${action.version}` : `run ${action.run.join(" ")}`;
}

/** Actions in order; `nothing` for none. */
export function actionsText(actions: readonly PhaseAction[]): string {
  return actions.length === 0 ? "nothing" : actions.map(actionText).join(", then ");
}

/** A way back, or the reason why there is none. */
export function reverseText(reverse: PhaseReverse): string {
  return reverse.possible ? actionsText(reverse.actions) : `none: ${reverse.reason}`;
}
