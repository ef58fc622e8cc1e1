import type {
  PolicyConfigSchema,
  ReportViolation,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationArgs,
  StackValidationPolicy,
} from "@pulumi/policy";
import * as z from "zod";
import { goesBack, noteIntent } from "./going-back.ts";
import { readStack, type StackFacts } from "./stack-facts.ts";

/** What is wrong, and what to write. Neither may quote what somebody could keep secret: see `lib/quote.ts`. */
export interface Finding {
  /** A sentence without its full stop: what was found, and the rule. */
  readonly what: string;
  /** What to write instead, a sentence. */
  readonly hint: string;
  /** Of a stack's rule: which resource it is about. Absent: the whole stack. */
  readonly urn?: string;
}

export type Level = "advisory" | "mandatory";

interface RuleBase {
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

/** A rule on each resource by itself, before its step: what a mandatory one finds is never deployed. */
export function resourceRule<const C extends Parameters>(rule: ResourceRule<C>): ResourceValidationPolicy {
  return {
    ...described(rule),
    validateResource: (args, report) => {
      const { type, urn, name, props } = args;
      noteIntent(type, props);
      if (goesBack() || !rule.types.some((one) => isOf(type, one))) return;
      const check = () => {
        const parameters = parametersOf(rule.parameters, args);
        return rule.check({ type, urn, name, props, parameters, stack: readStack(urn) });
      };
      tell(check, report);
    },
  };
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

/** A rule on all resources together: the preview is the place to hear of it, an update has done everything by then. */
export function stackRule<const C extends Parameters>(rule: StackRule<C>): StackValidationPolicy {
  return {
    ...described(rule),
    validateStack: (args, report) => {
      const [first] = args.resources;
      if (first === undefined || goesBack()) return;
      const check = () => {
        const parameters = parametersOf(rule.parameters, args);
        return rule.check({ resources: args.resources, parameters, stack: readStack(first.urn) });
      };
      tell(check, report);
    },
  };
}

function described({ name, description, level, parameters }: RuleBase & { readonly parameters: Parameters }) {
  return { name, description, enforcementLevel: level, ...schemaOf(parameters) };
}

/** The parameters as the engine checks them, before a rule runs. */
function schemaOf(parameters: Parameters): { readonly configSchema?: PolicyConfigSchema } {
  const { properties = {} } = z.toJSONSchema(parameters, { io: "input" });
  if (Object.keys(properties).length === 0) return {};
  return { configSchema: { properties: properties as PolicyConfigSchema["properties"] } };
}

function parametersOf<C extends Parameters>(
  parameters: C,
  { getConfig }: Pick<StackValidationArgs, "getConfig">,
): z.output<C> {
  return parameters.parse(getConfig<object>() ?? {});
}

function isOf(type: string, wanted: string): boolean {
  return wanted.endsWith(":") ? type.startsWith(wanted) : type === wanted;
}

/**
 * Reports what a check finds, each thing once. A value that isn't known is a finding of its own: the SDK would let it
 * through as advice, whatever the rule's level.
 */
function tell(check: () => Iterable<Finding>, report: ReportViolation): void {
  try {
    for (const { what, hint, urn } of check()) report(`${what}. ${hint}`, urn);
  } catch (error) {
    const path = unknownPath(error);
    if (path === undefined) throw error;
    report(
      `${path} is not known in a preview, so nobody can check it. Write it as a plain value, not as another resource's output.`,
    );
  }
}

/** The SDK's error for a value that is only known once it is deployed; told by its shape, so that it needs no import. */
function unknownPath(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("unknownTypeSentinel" in error) || !("props" in error)) return undefined;
  return Array.isArray(error.props) ? error.props.join(".") : "a value";
}
