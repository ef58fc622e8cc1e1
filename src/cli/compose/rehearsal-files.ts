import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parse } from "yaml";

/** Stands where the real stack has an encrypted value: a rehearsal must not be able to use one. */
const placeholder = "rehearsal-placeholder";

/**
 * The project's files as a rehearsal's own: the same config, without a step by hand, every `secure:` value
 * replaced, and neither backend nor secrets provider of the real stack.
 */
export async function rehearsalFiles(project: {
  readonly projectDir: string;
  readonly stack: string;
}): Promise<Readonly<Record<string, unknown>>> {
  const { projectDir, stack } = project;
  const settings = await readYaml(join(projectDir, "Pulumi.yaml"));
  const stackFile = `Pulumi.${stack}.yaml`;
  const written = await readYaml(join(projectDir, stackFile));
  const { backend: _backend, ...kept } = settings;
  const { [`${settings["name"]}:step`]: _step, ...config } = Object(withoutSecrets(written["config"] ?? {}));
  const rollout = `${settings["name"]}:rollout`;
  return {
    "Pulumi.yaml": { ...kept, main: resolve(projectDir) },
    [stackFile]: { config: { ...config, [rollout]: withoutChannels(config[rollout]) } },
  };
}

/** The program tells nobody anything, and a placeholder is no URL. */
function withoutChannels(rollout: unknown): unknown {
  if (rollout === null || typeof rollout !== "object") return rollout;
  const { notify: _notify, incident: _incident, ...rest } = Object(rollout);
  return rest;
}

async function readYaml(path: string): Promise<Record<string, unknown>> {
  return Object(parse(await readFile(path, "utf8")));
}

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value);
  if (entries.length === 1 && entries[0]?.[0] === "secure") return placeholder;
  return Object.fromEntries(entries.map(([key, member]) => [key, withoutSecrets(member)]));
}
