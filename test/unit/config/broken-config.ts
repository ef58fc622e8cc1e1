/** What an issue must say: its exact path, and parts of what was received, of the rule and of the hint. */
export interface Expected {
  readonly path: string;
  readonly received?: string;
  readonly rule: string;
  readonly hint: string;
}

export interface BrokenConfig {
  readonly name: string;
  /** Why a person would write it. */
  readonly why: string;
  readonly written: unknown;
  /** Every issue, in order, and no other. */
  readonly expected: readonly Expected[];
}
