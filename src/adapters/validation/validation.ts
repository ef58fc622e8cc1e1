import { fetchWithin } from "../../lib/fetch-within.ts";
import type { Validation } from "../../ports/validation.ts";
import { type ChecksOptions, checksOf } from "./checks.ts";
import { type Check, runChecks } from "./run-checks.ts";

/** A validation of one idle side. */
export interface ValidationOptions extends Omit<ChecksOptions, "baseUrl"> {
  /** Base URL of the idle side: asked for anew in each run, as a slot's host is ARM's to say. */
  readonly baseUrl: () => Promise<string>;
  /** How long the idle side gets to come up before it is judged. */
  readonly warmUpSeconds: number;
  /** Takes the place of a check, by its name: a rehearsal's. */
  readonly instead?: (check: Check) => Check;
}

/** Milliseconds between two looks at a side that is coming up. */
const everyMs = 2000;

/**
 * Waits while the idle side gives no answer or a 502, 503 or 504, as one that starts does, at most `warmUpSeconds`; then
 * runs all checks once. No check is ever run again until it passes: a build that passes now and then is no good one.
 */
export function createValidation(options: ValidationOptions): Validation {
  return {
    name: "validation",
    run: async (signal) => {
      const baseUrl = await options.baseUrl();
      const { checks, secrets } = checksOf({ ...options, baseUrl });
      await warmedUp(options, `${baseUrl}${options.config.healthPath}`, signal);
      const instead = options.instead ?? ((check: Check) => check);
      return await runChecks({ checks: checks.map(instead), secrets, runtime: options.runtime, signal });
    },
  };
}

async function warmedUp(
  { runtime, warmUpSeconds, config }: ValidationOptions,
  url: string,
  signal: AbortSignal,
): Promise<void> {
  const { clock } = runtime;
  const until = clock.now() + warmUpSeconds * 1000;
  const timeoutMs = config.timeoutSeconds * 1000;
  const init = { redirect: "manual" } as const;
  while (clock.now() < until && !signal.aborted) {
    const answer = await fetchWithin(runtime, { url, init, timeoutMs, signal });
    if (answer.ok && ![502, 503, 504].includes(answer.status)) return;
    await clock.sleep(everyMs, signal);
  }
}
