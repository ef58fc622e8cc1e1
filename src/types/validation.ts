/** What one check of a staged version said. */
export interface ValidationResult {
  readonly name: string;
  readonly ok: boolean;
  /** Wall time. */
  readonly ms: number;
  /** For people, in both cases; redacted. */
  readonly message: string;
}

/** All of them, in the order in which they were asked for. */
export interface ValidationReport {
  /** Every check passed, and there was at least one. */
  readonly ok: boolean;
  readonly results: readonly ValidationResult[];
}
