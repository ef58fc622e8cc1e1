import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import type { Change } from "../../ports/change.ts";
import type { ChangeAnswer, ChangeConfig } from "../../types/change-request.ts";
import { parseChangeTime } from "./times.ts";

export interface FileChangeOptions {
  /** `dir` absolute. */
  readonly config: Extract<ChangeConfig, { kind: "file" }>;
}

const schema = z.strictObject({
  schemaVersion: z.literal(1),
  id: z.string().min(1),
  state: z.string().min(1),
  service: z.string().min(1),
  start: z.string(),
  end: z.string(),
  risk: z.string().optional(),
});

/**
 * Change requests as files, `<id>.json`: `{schemaVersion: 1, id, state, service, start, end, risk?}` with ISO 8601
 * times. As good as the review that guards the folder: whoever may write there approves changes.
 */
export function createFileChange({ config }: FileChangeOptions): Change {
  return {
    name: "file",
    read: async ({ id, signal }) => {
      if (signal?.aborted) return trouble(id, "it was cancelled");
      // An id is a name, never a path.
      if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(id)) return { status: "not-found" };
      try {
        return parse(await readFile(join(config.dir, `${id}.json`), "utf8"), id);
      } catch (error) {
        const code = String(Object(error).code ?? "unknown error");
        return code === "ENOENT" ? { status: "not-found" } : trouble(id, code);
      }
    },
  };
}

function parse(text: string, id: string): ChangeAnswer {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return trouble(id, "the file is no JSON");
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return trouble(
      id,
      `${issue?.path.join(".") || "the file"} is not as documented (${issue?.message ?? ""})`,
    );
  }
  const { state, service, start, end, risk } = parsed.data;
  if (parsed.data.id !== id) return trouble(id, `the file is of ${parsed.data.id}`);
  const startMs = parseChangeTime(start, "iso");
  const endMs = parseChangeTime(end, "iso");
  if (startMs === undefined || endMs === undefined)
    return trouble(id, "start and end need ISO 8601 times with a zone");
  const change = { id, state, service, startMs, endMs, ...(risk === undefined ? {} : { risk }) };
  return { status: "value", change };
}

function trouble(id: string, why: string): ChangeAnswer {
  return { status: "error", message: `the change request ${id} can't be read: ${why}` };
}
