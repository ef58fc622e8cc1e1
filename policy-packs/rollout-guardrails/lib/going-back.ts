import { intentOf } from "./intent.ts";

/**
 * Whether this operation takes a rollout back. Then no rule has a say: what is restored has passed before, and nothing may
 * stand in its way. A component is judged before what it makes, so its children's rules know. One process of a pack serves
 * one operation.
 */
let isGoingBack = false;

export function goesBack(): boolean {
  return isGoingBack;
}

/** A component's word, unless an earlier one's was that it goes back. */
export function noteIntent(type: string, props: Record<string, unknown>): void {
  if (!type.startsWith("rollouts:index:")) return;
  try {
    const intent = intentOf(props);
    isGoingBack ||= intent?.step === "revert" && intent.to <= intent.from;
  } catch {
    // Not known in a preview: that is for the rules to find.
  }
}

/** For another operation in the same process. */
export function forgetIntent(): void {
  isGoingBack = false;
}
