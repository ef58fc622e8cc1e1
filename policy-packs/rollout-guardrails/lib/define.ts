import type {
  PolicyConfigSchema,
  ReportViolation,
  ResourceValidationPolicy,
  StackValidationArgs,
  StackValidationPolicy,
} from "@pulumi/policy";
import * as z from "zod";
import { goesBack, noteIntent } from "./going-back.ts";
import { isUnknown } from "./read.ts";
import type { Finding, Parameters, ResourceRule, RuleBase, StackRule } from "./rule.ts";
import { readStack } from "./stack-facts.ts";

/** A rule on each resource by itself, before its step: what a mandatory one finds is never deployed. */
export function resourceRule<const C extends Parameters>(rule: ResourceRule<C>): ResourceValidationPolicy {
  return {
    ...described(rule),
    validateResource: (args, report) => {
      const { type, urn, name, props } = args;
      noteIntent(args);
      if (goesBack() || !rule.types.some((one) => isOf(type, one))) return;
      const check = () => {
        const parameters = parametersOf(rule.parameters, args);
        return rule.check({ type, urn, name, props, parameters, stack: readStack(urn) });
      };
      tell(check, report);
    },
  };
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

/** Where the value stands that a preview doesn't know; undefined: that is not what was thrown. */
function unknownPath(error: unknown): string | undefined {
  if (!isUnknown(error) || !("props" in error)) return undefined;
  return Array.isArray(error.props) ? error.props.join(".") : "a value";
}
