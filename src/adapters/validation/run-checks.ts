import { messageOf } from "../../lib/error-message.ts";
import { redact } from "../../lib/redact.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { ValidationReport, ValidationResult } from "../../types/validation.ts";

/** One check. It resolves with what it found, for people, or throws an error whose message says what is wrong. */
export interface Check {
  readonly name: string;
  /** ms of the wall clock. */
  readonly timeoutMs: number;
  run(signal: AbortSignal): Promise<string>;
}

/** Longest message, in characters. */
const longest = 480;

/** The checks of one validation. */
export interface RunChecksOptions {
  readonly checks: readonly Check[];
  readonly runtime: Pick<Runtime, "wall">;
  /** Taken out of every message. */
  readonly secrets: readonly string[];
  readonly signal?: AbortSignal;
}

/**
 * Runs every check, all at once, whatever the others say: a report with the first failure alone would cost a
 * deployment for each next one. Each check has a time-out of its own; only all-pass is `ok`, and no check at all is
 * not. Never throws.
 */
export async function runChecks(options: RunChecksOptions): Promise<ValidationReport> {
  const results = await Promise.all(options.checks.map((check) => runCheck(check, options)));
  return { ok: results.length > 0 && results.every(({ ok }) => ok), results };
}

async function runCheck(check: Check, options: RunChecksOptions): Promise<ValidationResult> {
  const { wall } = options.runtime;
  const startedMs = wall.now();
  const done = new AbortController();
  const stop = options.signal ? AbortSignal.any([options.signal, done.signal]) : done.signal;
  const late = wall.sleep(check.timeoutMs, stop).then(() => {
    if (options.signal?.aborted) throw new Error("cancelled");
    throw new Error(`no result within ${check.timeoutMs / 1000} s`);
  });
  const result = await Promise.race([check.run(stop), late]).then(
    (message) => ({ ok: true, message }),
    (error: unknown) => ({ ok: false, message: messageOf(error) }),
  );
  // Ends the timer, and whatever the check still does.
  done.abort();
  await late.catch(() => {});
  return {
    name: check.name,
    ok: result.ok,
    ms: wall.now() - startedMs,
    // In this order: half a secret would not be recognised.
    message: shorten(redact(result.message, options.secrets)),
  };
}

/** One line; of a long one its two ends, for the first says what failed and the last says how. */
function shorten(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= longest ? line : `${line.slice(0, longest / 4)} … ${line.slice((-longest * 3) / 4)}`;
}
