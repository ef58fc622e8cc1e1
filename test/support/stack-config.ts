import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { setFolders } from "../../policy-packs/rollout-guardrails/lib/stack-facts.ts";

/** A project's folder with the config of its stacks, as a pack reads it. */
export interface ProjectFolder {
  readonly dir: string;
  /** `<project>:rollout` of a stack, and what else stands in its config. */
  write(rollout: unknown, stack?: string, more?: Readonly<Record<string, unknown>>): void;
  /** A file of the record, by its path below the project. */
  file(path: string, text: string): void;
  remove(): void;
}

/** Makes one in the system's temporary folder, and lets the pack's rules read there. */
export function projectFolder(): ProjectFolder {
  const dir = mkdtempSync(join(tmpdir(), "rollouts-guardrails-"));
  const enter = () => setFolders({ config: dir, project: dir });
  enter();
  return {
    dir,
    write: (rollout, stack = "prod", more = {}) => {
      writeFileSync(
        join(dir, `Pulumi.${stack}.yaml`),
        stringify({ config: { "atp:rollout": rollout, ...more } }),
      );
      enter();
    },
    file: (path, text) => {
      mkdirSync(join(dir, path, ".."), { recursive: true });
      writeFileSync(join(dir, path), text);
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
