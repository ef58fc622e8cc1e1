import { readFile, stat } from "node:fs/promises";
import { readSarif } from "../../analysis/sarif.ts";
import type { Evidence } from "../../ports/evidence.ts";

export interface SarifFileOptions {
  /** Absolute. */
  readonly path: string;
  /** As config has it, for messages; default: the path. */
  readonly shown?: string;
}

/** A scan's report is some megabytes at most; more than this is another file. */
const maxBytes = 128 * 1024 * 1024;

/** A security scan as a SARIF 2.1.0 file: `readSarif` says what is met. Never throws. */
export function createSarifFile({ path, shown = path }: SarifFileOptions): Evidence {
  return {
    name: "sarif",
    read: async ({ signal }) => {
      if (signal?.aborted) return { status: "error", message: `${shown} was not read: cancelled` };
      try {
        const { size, mtimeMs } = await stat(path);
        if (size > maxBytes) return { status: "error", message: `${shown} is larger than 128 MiB` };
        const answer = readSarif(await readFile(path, "utf8"), mtimeMs);
        return answer.status === "value" ? answer : { ...answer, message: `${shown}: ${answer.message}` };
      } catch (error) {
        const code = String(Object(error).code ?? "unknown error");
        if (code === "ENOENT") return { status: "empty", message: `there is no ${shown}` };
        return { status: "error", message: `${shown} can't be read: ${code}` };
      }
    },
  };
}
