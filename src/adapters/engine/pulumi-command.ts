import { execFile } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, resolve } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "../../lib/error-message.ts";

const run = promisify(execFile);

/** Absolute path of the first executable file of this name in the folders of `path`. */
export function findOnPath(command: string, path: string | undefined): string | undefined {
  for (const folder of (path ?? "").split(delimiter).filter(Boolean)) {
    const candidate = resolve(folder, command);
    try {
      accessSync(candidate, constants.X_OK);
      if (statSync(candidate).isFile()) return candidate;
    } catch {
      // Not here: the next folder.
    }
  }
  return undefined;
}

/** What `pulumi version` says, without the "v"; undefined, and a line of talk, when it doesn't run. */
export async function pulumiVersion(
  pulumi: string,
  context: { readonly env: NodeJS.ProcessEnv; readonly log: (line: string) => void },
): Promise<string | undefined> {
  const env = { ...context.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
  try {
    const { stdout } = await run(pulumi, ["version"], { env, timeout: 20_000 });
    return /(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  } catch (error) {
    context.log(`${pulumi} version fails: ${messageOf(error)}`);
    return undefined;
  }
}
