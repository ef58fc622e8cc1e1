import { getOrganization, getProject, getStack, StackReference } from "@pulumi/pulumi";
import { RolloutError } from "../errors/errors.ts";
import { releaseSchema } from "../plan/release-schema.ts";
import type { Release } from "../types/release.ts";

/** Name of the stack output that holds the record. */
export const releaseOutput = "release";

/**
 * The record of the running stack: its own output of the last good update. Undefined before the first install.
 *
 * @throws RolloutError `record-invalid` where the output is there but is no record: going on would install
 * over a running service
 */
export async function readRecord(): Promise<Release | undefined> {
  const self = new StackReference(`${getOrganization()}/${getProject()}/${getStack()}`);
  const { value, secretValue } = await self.getOutputDetails(releaseOutput);
  return parseRecord(value ?? secretValue);
}

/** The record in an output's value; null and undefined are "none yet". */
export function parseRecord(value: unknown): Release | undefined {
  if (value === undefined || value === null) return undefined;
  const parsed = releaseSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new RolloutError(
    `The stack's output ${releaseOutput} is no record of a rollout: ${issue?.path.join(".")}: ${issue?.message}.`,
    {
      code: "record-invalid",
      exit: "error",
      path: releaseOutput,
      hint: "rename the program's own output of that name; rolloutProgram writes it",
    },
  );
}
