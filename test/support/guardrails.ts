import {
  type ResourceValidationPolicy,
  type StackValidationPolicy,
  unknownCheckingProxy,
} from "@pulumi/policy";
import { forgetIntent } from "../../policy-packs/rollout-guardrails/lib/going-back.ts";

/** What the SDK puts where a preview knows no value. */
export const unknown = {
  boolean: "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  number: "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  string: "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  list: "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  object: "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
} as const;

/** One resource, as an engine gives it to a policy. */
export interface AResource {
  readonly type: string;
  readonly props: Record<string, unknown>;
  readonly name?: string;
  /** Type of its parent component; default: a canary's. Null: it has none. */
  readonly parent?: string | null;
  readonly stack?: string;
  /** In a stack: name of its parent. */
  readonly within?: string;
  /** In a stack: names of the resources that a property is made of. */
  readonly needs?: Readonly<Record<string, readonly string[]>>;
}

function urnOf({
  type,
  name = "atp-ingestion",
  parent = "rollouts:index:CanaryDeployment",
  stack = "prod",
}: AResource) {
  const chain = parent === null || type.startsWith("rollouts:") ? type : `${parent}$${type}`;
  return `urn:pulumi:${stack}::atp::${chain}::${name}`;
}

function common(one: AResource, config: object) {
  return {
    type: one.type,
    name: one.name ?? "atp-ingestion",
    urn: urnOf(one),
    opts: { protect: false, ignoreChanges: [], aliases: [], additionalSecretOutputs: [] },
    isType: () => false,
    asType: () => undefined,
    getConfig: <T extends object>() => config as T,
    notApplicable: () => {
      throw new Error("not applicable");
    },
  };
}

/** Texts of what a policy finds in one resource; unknown values are as the SDK has them. */
export async function checkResource(
  policy: ResourceValidationPolicy,
  one: AResource,
  config: object = {},
): Promise<readonly string[]> {
  forgetIntent();
  const { validateResource } = policy;
  if (validateResource === undefined) throw new Error(`${policy.name} has no validation`);
  const found: string[] = [];
  const args = {
    ...common(one, config),
    props: unknownCheckingProxy(one.props),
    stackTags: new Map<string, string>(),
  };
  for (const validate of [validateResource].flat())
    await validate(args as never, (text) => void found.push(text));
  return found;
}

/** The component of a name, as the engine links it; one that the stack lacks is told by its URN alone. */
function componentOf<T extends { readonly name: string; readonly type: string }>(
  all: readonly T[],
  name: string,
) {
  return all.find((one) => one.name === name && one.type.startsWith("rollouts:")) ?? { urn: name, type: "" };
}

/** What a policy finds in a whole stack: its text, and the URN that it is about. */
export async function checkStack(
  policy: StackValidationPolicy,
  resources: readonly AResource[],
  config: object = {},
): Promise<readonly { readonly text: string; readonly urn?: string }[]> {
  forgetIntent();
  const found: { text: string; urn?: string }[] = [];
  const seen = resources.map((one) => ({ ...common(one, config), props: unknownCheckingProxy(one.props) }));
  const named = (wanted: string) => seen.filter(({ name }) => name === wanted);
  const all = resources.map(({ within, needs = {} }, at) => ({
    ...seen[at],
    ...(within === undefined ? {} : { parent: componentOf(seen, within) }),
    dependencies: [],
    propertyDependencies: Object.fromEntries(
      Object.entries(needs).map(([property, names]) => [property, names.flatMap(named)]),
    ),
  }));
  const args = {
    ...common(resources[0] ?? { type: "", props: {} }, config),
    resources: all,
    stackTags: new Map(),
  };
  await policy.validateStack(args as never, (text, urn) => {
    found.push({ text: String(text), ...(urn === undefined ? {} : { urn }) });
  });
  return found;
}
