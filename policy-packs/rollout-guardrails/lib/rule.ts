import type { ResourceValidationArgs, StackValidationArgs } from "@pulumi/policy";
import type * as z from "zod";
import type { StackFacts } from "./stack-facts.ts";

/** What is wrong, and what to write. Neither may quote what somebody could keep secret: see `lib/quote.ts`. */
export interface Finding {
  /** A sentence without its full stop: what was found, and the rule. */
  readonly what: string;
  /** What to write instead, a sentence. */
  readonly hint: string;
  /** Of a stack's rule: which resource it is about. Absent: the whole stack. */
  readonly urn?: string;
}

type Level = "advisory" | "mandatory";

export interface RuleBase {
  /** Kebab-case. */
  readonly name: string;
  /** What it asks for, one sentence. */
  readonly description: string;
  readonly level: Level;
}

/** Parameters of a rule: each with a default, so that a pack without config runs. */
export type Parameters = z.ZodObject<z.ZodRawShape>;

/** A resource as a rule sees it. Reading a value that a preview doesn't know throws, and that is a finding. */
export interface SeenResource<P> extends Pick<ResourceValidationArgs, "type" | "urn" | "name"> {
  readonly props: Record<string, unknown>;
  readonly parameters: P;
  readonly stack: StackFacts;
}

export interface ResourceRule<C extends Parameters> extends RuleBase {
  /** Exact type tokens, or the beginning of one, up to and with its last colon. */
  readonly types: readonly string[];
  readonly parameters: C;
  check(seen: SeenResource<z.output<C>>): Iterable<Finding>;
}

/** One resource among all: its values as they come out, some of them unknown in a preview. */
export type StackResource = StackValidationArgs["resources"][number];

/** A stack as a rule sees it. */
export interface SeenStack<P> {
  readonly resources: readonly StackResource[];
  readonly parameters: P;
  readonly stack: StackFacts;
}

export interface StackRule<C extends Parameters> extends RuleBase {
  readonly parameters: C;
  check(seen: SeenStack<z.output<C>>): Iterable<Finding>;
}
