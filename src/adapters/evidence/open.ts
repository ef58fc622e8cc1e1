import { isAbsolute, join } from "node:path";
import { assertNever } from "../../lib/assert-never.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Evidence } from "../../ports/evidence.ts";
import type { ChecklistConfig, EvidenceConfig } from "../../types/checklist-config.ts";
import type { MessageLink } from "../../types/communication.ts";

/** What proof is opened with. */
export interface EvidenceAt {
  readonly runtime: Runtime;
  readonly projectDir: string;
  readonly env: NodeJS.ProcessEnv;
  /** Taken out of what commands say. */
  readonly secrets: readonly string[];
}

/** Where proof of an item is read. Loaded when it is opened. */
export async function openEvidence(name: string, config: EvidenceConfig, at: EvidenceAt): Promise<Evidence> {
  const { runtime, projectDir, env, secrets } = at;
  switch (config.kind) {
    case "command": {
      const { createCommandEvidence } = await import("./command.ts");
      return createCommandEvidence({ name, run: config.run, runtime, cwd: projectDir, env, secrets });
    }
    case "http": {
      const { createHttpEvidence } = await import("./http.ts");
      return createHttpEvidence({ name, url: config.url, runtime });
    }
    default:
      return assertNever(config, "kind of evidence");
  }
}

/** The security scan's file; a relative path is one of the project's folder. */
export async function openScan(
  { path }: NonNullable<ChecklistConfig["securityScan"]>,
  { projectDir }: Pick<EvidenceAt, "projectDir">,
): Promise<Evidence> {
  const { createSarifFile } = await import("./sarif-file.ts");
  return createSarifFile({ path: isAbsolute(path) ? path : join(projectDir, path), shown: path });
}

/** The dashboards that messages link to. */
export async function openDashboards(
  links: readonly MessageLink[],
  runtime: Runtime,
): Promise<readonly Evidence[]> {
  if (links.length === 0) return [];
  const { createReachable } = await import("./reachable.ts");
  return links.map(({ name, url }) => createReachable({ name, url, runtime }));
}
