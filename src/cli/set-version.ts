import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isScalar, parseDocument, stringify } from "yaml";
import { parseYaml } from "../config/yaml-file.ts";
import type { StackAt } from "./world.ts";

/** Writes the version into the stack's file and nothing else: comments and layout stay. Returns the file's path. */
export async function setVersion({ projectDir, stack, config }: StackAt, version: string): Promise<string> {
  const project = await parseYaml("Pulumi.yaml", await readFile(join(projectDir, "Pulumi.yaml"), "utf8"));
  const { stackConfigDir } = project;
  const dir = join(projectDir, typeof stackConfigDir === "string" ? stackConfigDir : ".");
  const path = join(dir, `Pulumi.${stack.split("/").at(-1)}.yaml`);
  const text = await readFile(path, "utf8");
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, withVersion(text, `${config.project}:version`, version));
  await rename(temporary, path);
  return path;
}

/** The text of a stack file with another version. Only the value's own characters change where there is one. Pure. */
export function withVersion(text: string, key: string, version: string): string {
  const document = parseDocument(text);
  const node = document.getIn(["config", key], true);
  const written = stringify(version).trimEnd();
  if (isScalar(node) && node.range) {
    const [from, to] = node.range;
    return `${text.slice(0, from)}${written}${text.slice(to)}`;
  }
  document.setIn(["config", key], version);
  return document.toString({ lineWidth: 0 });
}
