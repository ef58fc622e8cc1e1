import { isComponent } from "./components.ts";
import { intentOf } from "./intent.ts";
import { readStack } from "./stack-facts.ts";

/**
 * Whether this operation takes a rollout back. Then no rule has a say: what is restored has passed before, and nothing may
 * stand in its way. A component is judged before what it makes, so its children's rules know. One process of a pack serves
 * one operation.
 */
let isGoingBack = false;

export function goesBack(): boolean {
  return isGoingBack;
}

/**
 * A component's word, unless an earlier one's was that it goes back. What restores a record is that record to the letter,
 * its own step too: that somebody has asked for a way back stands in config alone.
 */
export function noteIntent({
  type,
  urn,
  props,
}: {
  readonly type: string;
  readonly urn: string;
  readonly props: Record<string, unknown>;
}): void {
  if (isGoingBack || !isComponent({ type })) return;
  try {
    const intent = intentOf(props);
    if (intent === undefined || intent.to > intent.from) return;
    const settled = intent.to === 0 && props["candidate"] === undefined;
    isGoingBack = intent.step === "revert" || (settled && readStack(urn).step() === "revert");
  } catch {
    // Not known in a preview: that is for the rules to find.
  }
}

/** For another operation in the same process. */
export function forgetIntent(): void {
  isGoingBack = false;
}
