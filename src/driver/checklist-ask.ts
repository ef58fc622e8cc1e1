import type { ChangeKind } from "../types/change.ts";
import type { ChecklistConfig } from "../types/checklist-config.ts";
import type { Confirmation } from "../types/checklist-status.ts";
import type { StrategyKind } from "../types/plan.ts";
import type { DriverDeps } from "./session.ts";

/** What is to start. */
export interface PreFacts {
  readonly version: string;
  /** As the plan has it; absent: the program could not be asked. */
  readonly identity?: string;
  readonly change?: ChangeKind;
  readonly strategy: StrategyKind;
  /** Id of the advisory board's change. */
  readonly changeRequest?: string;
}

/** Everything that an item is looked up with. */
export interface PreAsk {
  readonly deps: DriverDeps;
  readonly facts: PreFacts;
  readonly config: ChecklistConfig;
  readonly confirmations: readonly Confirmation[];
  /** ms since the epoch. */
  readonly now: number;
  /** As `--stack` takes it. */
  readonly stack: string;
}

/** What a person's word is judged by. */
export function wordOf({ confirmations, config, now, stack }: PreAsk) {
  return { confirmations, holdsMs: config.confirmedWithinSeconds * 1000, now, stack };
}
