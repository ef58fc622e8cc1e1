/** Pulumi's exit codes, and ours from 20. A public contract: docs/exit-codes.md. */
export const exitCodes = {
  ok: 0,
  error: 1,
  config: 2,
  auth: 3,
  resource: 4,
  policy: 5,
  noStack: 6,
  nothingToDo: 7,
  cancelled: 8,
  timeout: 9,
  internal: 255,
  reverted: 20,
  revertFailed: 21,
  held: 22,
  blocked: 23,
  leaseHeld: 24,
} as const;

export type ExitName = keyof typeof exitCodes;

/** One problem of an input: everything that a person needs to mend it. */
export interface Issue {
  /** Path into the input, `rollout.increments[1].exposure`. */
  readonly path: string;
  /** What stands there, as JSON, redacted; absent where nothing stands there. */
  readonly received?: string;
  /** What must hold. */
  readonly rule: string;
  readonly hint: string;
}

export interface RolloutErrorOptions {
  /** Stable, kebab-case: `step-refused`. */
  readonly code: string;
  readonly exit: ExitName;
  readonly hint?: string;
  readonly path?: string;
  readonly issues?: readonly Issue[];
  readonly cause?: unknown;
}

/**
 * The one base class of what we throw. A user's mistake never prints a stack; `internal` is our bug and
 * does. Expected outcomes (reverted, held) are results, not errors.
 */
export class RolloutError extends Error {
  readonly code: string;
  readonly exit: ExitName;
  readonly hint: string | undefined;
  readonly path: string | undefined;
  readonly issues: readonly Issue[];

  constructor(message: string, options: RolloutErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "RolloutError";
    this.code = options.code;
    this.exit = options.exit;
    this.hint = options.hint;
    this.path = options.path ?? options.issues?.[0]?.path;
    this.issues = options.issues ?? [];
  }
}

/** Input with problems: all of them at once. Exit 2. */
export function configError(issues: readonly Issue[]): RolloutError {
  const count = issues.length === 1 ? "1 problem" : `${issues.length} problems`;
  const first = issues[0];
  return new RolloutError(`The configuration has ${count}.`, {
    code: "config-invalid",
    exit: "config",
    issues,
    ...(first ? { hint: first.hint } : {}),
  });
}

/** The one place where an error becomes an exit code. Unknown errors are ours: 255. */
export function toExitCode(error: unknown): number {
  return error instanceof RolloutError ? exitCodes[error.exit] : exitCodes.internal;
}
