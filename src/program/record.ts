import { getOrganization, getProject, getStack, StackReference } from "@pulumi/pulumi";
import { RolloutError } from "../errors/errors.ts";
import { journalHeadIn } from "../lib/journal-chain.ts";
import { releaseSchema } from "../plan/release-schema.ts";
import type { JournalHead } from "../types/journal.ts";
import type { Release } from "../types/release.ts";

/** Name of the stack output that holds the record. */
export const releaseOutput = "release";
/** Name of the one that holds the head of the journal. */
export const journalOutput = "journal";

/** What the running stack's own outputs of its last update say. */
export interface Present {
  /** Undefined before the first install. */
  readonly record: Release | undefined;
  /** Undefined where no driver has written one. */
  readonly journalHead: JournalHead | undefined;
}

/**
 * Reads the running stack's own outputs.
 *
 * @throws RolloutError `record-invalid` where `release` is there but is no record: going on would install
 * over a running service
 */
export async function readPresent(): Promise<Present> {
  const self = new StackReference(`${getOrganization()}/${getProject()}/${getStack()}`);
  const { value, secretValue } = await self.getOutputDetails(releaseOutput);
  const journal = await self.getOutputDetails(journalOutput);
  return { record: parseRecord(value ?? secretValue), journalHead: journalHeadIn(journal.value) };
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
