import { isAbsolute, join } from "node:path";
import { assertNever } from "../../lib/assert-never.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Change } from "../../ports/change.ts";
import type { ChangeConfig } from "../../types/change-request.ts";

/** The change system of a policy; a relative folder is one of the project's. Loaded when it is opened. */
export async function openChange(options: {
  readonly config: ChangeConfig;
  readonly runtime: Runtime;
  readonly projectDir: string;
}): Promise<Change> {
  const { config, runtime, projectDir } = options;
  switch (config.kind) {
    case "http": {
      const { createHttpChange } = await import("./http-change.ts");
      return createHttpChange({ config, runtime });
    }
    case "file": {
      const { createFileChange } = await import("./file-change.ts");
      const dir = isAbsolute(config.dir) ? config.dir : join(projectDir, config.dir);
      return createFileChange({ config: { ...config, dir } });
    }
    default:
      return assertNever(config, "kind of change system");
  }
}
