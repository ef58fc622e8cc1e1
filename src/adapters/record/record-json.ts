import * as z from "zod";
import { RolloutError } from "../../errors/errors.ts";

/** Parses one JSON text of the record, or says which file (and line) is not ours. */
export function parseJson<T>(text: string, schema: z.ZodType<T>, where: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw corrupt(where, "it is not JSON", cause);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw corrupt(where, z.prettifyError(parsed.error), parsed.error);
  return parsed.data;
}

/** The error for a file of the record that can't be trusted. */
export function corrupt(where: string, why: string, cause?: unknown): RolloutError {
  return new RolloutError(`The record is damaged at ${where}: ${why}.`, {
    code: "record-corrupt",
    exit: "error",
    hint: "Keep a copy of the folder, then restore the file from a backup, or move it away if no rollout is in flight.",
    cause,
  });
}
