import { z } from "zod";
import { RolloutError } from "../../errors/errors.ts";
import { journalHeadIn } from "../../lib/journal-chain.ts";
import { sha256, stableJson } from "../../lib/stable-json.ts";
import { releaseSchema } from "../../plan/release-schema.ts";
import type { Deployed } from "../../ports/engine.ts";
import type { Release } from "../../types/release.ts";

const resource = z.looseObject({
  urn: z.string(),
  type: z.string(),
  delete: z.boolean().optional(),
  inputs: z.record(z.string(), z.unknown()).optional(),
  outputs: z.record(z.string(), z.unknown()).optional(),
});
const exported = z.looseObject({
  deployment: z
    .looseObject({
      resources: z.array(resource).nullish(),
      pending_operations: z
        .array(z.looseObject({ type: z.string(), resource: z.looseObject({ urn: z.string() }) }))
        .nullish(),
    })
    .nullish(),
});
type Resource = z.infer<typeof resource>;

/** Marks a secret in an export without `--show-secrets`. */
const secretKey = "4dabf18193072939515e22adb298388d";
const stackType = "pulumi:pulumi:Stack";

/**
 * The stack as an export without secrets has it.
 *
 * Inputs leave out what is no part of the stack's state as people mean it: the stack itself (its outputs lie
 * after a failed update), references, default providers, and the *intent* that our components record, which
 * repeats the policy and changes when somebody edits it. Secrets count as present, not by value: the same
 * secret encrypts differently each time, and a false "revert failed" wakes people up; the preview that
 * follows a revert compares their values.
 *
 * @throws RolloutError `export-invalid`, `record-invalid`
 */
export function deployedOf(text: string): Deployed {
  const { deployment } = parse(text);
  const resources = deployment?.resources ?? [];
  const stack = resources.find(({ type }) => type === stackType);
  const record = recordOf(stack);
  // A program may have an output of that name of its own: that one is no anchor.
  const head = journalHeadIn(stack?.outputs?.["journal"]);
  const counted = resources.filter(({ type }) => !isBookkeeping(type));
  const inputs = stableJson(Object.fromEntries(counted.map((item) => [keyOf(item), inputsOf(item)])));
  return {
    ...(record === undefined ? {} : { record }),
    ...(head === undefined ? {} : { journalHead: head }),
    inputs,
    hash: sha256(inputs),
    pendingOperations: (deployment?.pending_operations ?? []).map(
      (operation) => `${operation.type} ${operation.resource.urn}`,
    ),
  };
}

function parse(text: string): z.infer<typeof exported> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const parsed = exported.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new RolloutError("`pulumi stack export` gave no stack that we can read.", {
    code: "export-invalid",
    exit: "error",
    hint: "run `pulumi stack export` by hand; the engine may be newer than this release knows",
  });
}

function recordOf(stack: Resource | undefined): Release | undefined {
  const value = stack?.outputs?.["release"];
  if (value === undefined || value === null) return undefined;
  const parsed = releaseSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const secret = isSecret(value);
  throw new RolloutError(`The stack's output release is ${secret ? "a secret" : "no record of a rollout"}.`, {
    code: "record-invalid",
    exit: "error",
    path: "release",
    hint: secret
      ? "return rollout.outputs() as it is: the record holds references to secrets, never secrets"
      : "rename the program's own output of that name; rolloutProgram writes it",
  });
}

function isBookkeeping(type: string): boolean {
  return (
    type === stackType || type === "pulumi:pulumi:StackReference" || type.startsWith("pulumi:providers:")
  );
}

/** A resource that only waits for its deletion stands beside its successor under the same URN. */
function keyOf({ urn, delete: deleting }: Resource): string {
  return deleting === true ? `${urn} (to be deleted)` : urn;
}

function inputsOf({ type, inputs }: Resource): unknown {
  const { intent, ...rest } = inputs ?? {};
  const own = type.startsWith("rollouts:") ? rest : { ...inputs };
  return withoutCiphertext(own);
}

function withoutCiphertext(value: unknown): unknown {
  if (isSecret(value)) return "[secret]";
  if (Array.isArray(value)) return value.map(withoutCiphertext);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withoutCiphertext(member)]));
}

function isSecret(value: unknown): boolean {
  return value !== null && typeof value === "object" && secretKey in value && "ciphertext" in value;
}
