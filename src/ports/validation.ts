import type { ValidationReport } from "../types/validation.ts";

/** Checks a version where no user reaches it: the idle slot, or the candidate at weight 0. */
export interface Validation {
  readonly name: string;
  /**
   * Waits until the staged side has come up, then runs every check, whatever the others say. What can't be checked has
   * not passed. Never throws but for an abort.
   */
  run(signal: AbortSignal): Promise<ValidationReport>;
}
