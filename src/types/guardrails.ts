/** What a rule of a policy pack does when it finds something. */
export type GuardrailLevel = "advisory" | "mandatory" | "disabled";

/** The level of a rule, or its level and parameters, as the engine's policy config has them. */
export type GuardrailRule =
  | GuardrailLevel
  | (Readonly<Record<string, unknown>> & { readonly enforcementLevel?: GuardrailLevel | undefined });

/** Policy packs that judge each step before it is done. */
export interface GuardrailsConfig {
  /** By the name of a rule of `rollout-guardrails`. */
  readonly rules: Readonly<Record<string, GuardrailRule>>;
  /** Packs of one's own, as executable files or folders; relative to the project's folder. */
  readonly packs: readonly string[];
}
