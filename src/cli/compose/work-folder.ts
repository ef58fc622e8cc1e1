import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of this process: the CLI runs there, and the user's own files and selected stack stay as they are. */
export function workFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "rollouts-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
