import { Config, getStack } from "@pulumi/pulumi";
import { normalizeOrThrow } from "../config/normalize.ts";
import { RolloutError } from "../errors/errors.ts";
import type { Target } from "../types/engine.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";

/**
 * The rollout policy of the running stack. The only reader of `<project>:rollout`: its notify and metrics
 * settings may hold secrets in the clear, and nothing else of the program gets to see them.
 *
 * @throws RolloutError `config-invalid` with every problem
 */
export function policyFromConfig(): EnvironmentPolicy {
  return normalizeOrThrow({ written: parse(new Config(), "rollout"), stack: getStack() });
}

/** What a plain `pulumi up` asks for: version and, by hand, step, both from stack config. */
export function targetFromConfig(): Target {
  const config = new Config();
  const version = config.get("version");
  if (version === undefined || version === "") {
    throw new RolloutError(`Pulumi.${getStack()}.yaml has no ${config.name}:version.`, {
      code: "version-missing",
      exit: "config",
      path: "version",
      hint: "pulumi config set version 1.2.4",
    });
  }
  const step = config.get("step");
  return { kind: "step", version, ...(step === undefined || step === "" ? {} : { step }) };
}

/** `Config.getObject`, whose own error would quote the whole text, secrets included. */
function parse(config: Config, key: string): unknown {
  const text = config.get(key);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new RolloutError(`${config.name}:${key} is a text; it must be an object.`, {
      code: "config-invalid",
      exit: "config",
      path: key,
      hint: `write it as YAML in Pulumi.${getStack()}.yaml, or use pulumi config set --path ${key}.preset production`,
    });
  }
}
