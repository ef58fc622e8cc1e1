import type { EnvironmentPolicy } from "../../../src/types/policy.ts";
import { isComponent } from "./components.ts";
import type { Finding, SeenStack, StackResource } from "./rule.ts";

/** Components of a rollout, of whatever class. */
export function rolloutsIn(resources: readonly StackResource[]): readonly StackResource[] {
  return resources.filter(isComponent);
}

/**
 * Judges the rollout policy of a stack's config. A stack without a rollout has none to judge; of one whose config can't
 * be read nothing is proved, and that is found.
 */
export function* checkPolicy<P>(
  { resources, stack }: SeenStack<P>,
  check: (policy: EnvironmentPolicy) => Iterable<Finding>,
): Iterable<Finding> {
  if (rolloutsIn(resources).length === 0) return;
  const found = stack.policy();
  if (found.ok) yield* check(found.policy);
  else yield unjudged(found.why);
}

/** What is found where the stack's config can't be read. */
export function unjudged(why: string): Finding {
  return {
    what: `the stack's rollout config can't be judged: ${why}`,
    hint: "Preview in the project's folder, or set ROLLOUTS_PROJECT_DIR to it.",
  };
}

/** Findings about one resource of the stack. */
export function* about({ urn }: StackResource, findings: Iterable<Finding>): Iterable<Finding> {
  for (const finding of findings) yield { ...finding, urn };
}
