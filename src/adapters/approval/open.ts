import { isAbsolute, join } from "node:path";
import { assertNever } from "../../lib/assert-never.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Approvals } from "../../ports/approval.ts";
import type { ApprovalConfig } from "../../types/approval.ts";

/** One source of approvals of a policy; a relative folder is one of the project's. Loaded when it is opened. */
export async function openApprovals(options: {
  readonly config: ApprovalConfig;
  readonly runtime: Runtime;
  readonly projectDir: string;
}): Promise<Approvals> {
  const { config, runtime, projectDir } = options;
  switch (config.kind) {
    case "github": {
      const { createGithubApprovals } = await import("./github.ts");
      return createGithubApprovals({ config, runtime });
    }
    case "azure-devops": {
      const { createAzureDevOpsApprovals } = await import("./azure-devops.ts");
      return createAzureDevOpsApprovals({ config, runtime });
    }
    case "signed-files": {
      const { createSignedFiles } = await import("./signed-files.ts");
      const dir = isAbsolute(config.dir) ? config.dir : join(projectDir, config.dir);
      return createSignedFiles({ config: { ...config, dir }, projectDir });
    }
    default:
      return assertNever(config, "kind of approvals");
  }
}
