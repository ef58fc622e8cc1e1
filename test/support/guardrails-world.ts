import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ComponentResource, runtime } from "@pulumi/pulumi";
import { vi } from "vitest";
import { parse } from "yaml";
import { runInContext } from "../../src/program/context.ts";
import type { StackOutputs } from "../../src/program/rollout-program.ts";
import type { Target } from "../../src/types/engine.ts";
import type { Release } from "../../src/types/release.ts";
import { known } from "../unit/program/mock-stack.ts";
import type { AResource } from "./guardrails.ts";

/** What a run of a program registered, as a resource's rule and as a stack's rule see it, and the release it leaves. */
export interface SeenRun {
  readonly inputs: readonly AResource[];
  readonly outputs: readonly AResource[];
  readonly release: Release;
}

/** The rollout config of one of this project's stacks. */
export function configOf(stack: string): Record<string, unknown> {
  const file = join(import.meta.dirname, `../../Pulumi.${stack}.yaml`);
  return parse(readFileSync(file, "utf8")).config["atp:rollout"];
}

/** Runs a program under the engine's mocks in a stack with this rollout config. */
export async function runSeen(
  program: () => Promise<StackOutputs>,
  at: {
    readonly stack: string;
    readonly config: Record<string, unknown>;
    readonly target: Target;
    readonly record?: Release;
  },
): Promise<SeenRun> {
  const { stack, config, target, record } = at;
  const registered: { type: string; name: string; inputs: Record<string, unknown> }[] = [];
  await runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        if (type !== "pulumi:pulumi:StackReference") {
          if (!type.startsWith("pulumi:")) registered.push({ type, name, inputs });
          return { id: `${name}-id`, state: inputs };
        }
        const outputs = record === undefined ? {} : { release: record };
        return { id: name, state: { name, outputs, secretOutputNames: [] } };
      },
      call: () => ({}),
    },
    "atp",
    stack,
    false,
    "organization",
  );
  runtime.setAllConfig({ "atp:rollout": JSON.stringify(config) });
  // What a component registers as its outputs reaches no mock.
  const prototype = ComponentResource.prototype as unknown as { registerOutputs(outputs: unknown): void };
  const spied = vi.spyOn(prototype, "registerOutputs");
  try {
    const outputs = await runInContext({ target, report: () => {} }, program);
    const release = await known<Release>(outputs["release"]);
    const outputsOf = new Map<string, Record<string, unknown>>();
    for (const [index, [said]] of spied.mock.calls.entries()) {
      // The SDK asks once more by itself.
      if (said === undefined) continue;
      const component = spied.mock.contexts[index] as unknown as ComponentResource;
      const urn = await known<string>(component.urn);
      outputsOf.set(keyOf(urn), await known(said));
    }
    return { release, ...linked(registered, { stack, said: outputsOf }) };
  } finally {
    spied.mockRestore();
    runtime.setAllConfig({});
  }
}

/** `<type> <name>` of a URN. */
function keyOf(urn: string): string {
  const [types = "", name = ""] = urn.split("::").slice(2);
  return `${types.split("$").at(-1)} ${name}`;
}

function linked(
  registered: readonly {
    readonly type: string;
    readonly name: string;
    readonly inputs: Record<string, unknown>;
  }[],
  { stack, said }: { readonly stack: string; readonly said: ReadonlyMap<string, Record<string, unknown>> },
): Pick<SeenRun, "inputs" | "outputs"> {
  const component = registered.find(({ type }) => /:index:(?!FeatureFlag)/.test(type));
  if (component === undefined) throw new Error("the program has no component");
  const place = ({ type }: { readonly type: string }) => ({
    stack,
    parent: component.type,
    ...(type.startsWith("rollouts:") ? {} : { within: component.name }),
  });
  const inputs = registered.map((one) => ({
    type: one.type,
    name: one.name,
    props: one.inputs,
    ...place(one),
  }));
  return {
    inputs,
    outputs: inputs.map((one) =>
      one.type.startsWith("rollouts:") ? { ...one, props: said.get(`${one.type} ${one.name}`) ?? {} } : one,
    ),
  };
}
