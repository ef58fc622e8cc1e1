import { accessSync, chmodSync, constants, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { RolloutError } from "../../errors/errors.ts";
import { messageOf } from "../../lib/error-message.ts";
import type { GuardrailRule } from "../../types/guardrails.ts";
import type { EnvironmentPolicy } from "../../types/policy.ts";

const pack = resolve(import.meta.dirname, "../../../policy-packs/rollout-guardrails/pack.js");
/** The first engine that starts a policy pack from an executable file. */
const executablesSince = [3, 255];

/** What the engine adapter is given of a stack's guardrails. */
export interface Packs {
  readonly policyPacks?: readonly string[];
  readonly policyPackConfigs?: readonly string[];
}

/**
 * Our pack and those of the stack, with their levels and parameters in a file of ours.
 *
 * @throws RolloutError `engine-too-old` (exit 2) where the engine starts no pack from an executable file
 */
export function openGuardrails(
  { guardrails }: Pick<EnvironmentPolicy, "guardrails">,
  at: {
    readonly projectDir: string;
    /** A folder of ours. */
    readonly folder: string;
    readonly engineVersion: string;
    /** Over the stack's own rules. */
    readonly rules?: Readonly<Record<string, GuardrailRule>>;
  },
): Packs {
  if (guardrails === undefined) return {};
  if (isOlder(at.engineVersion)) throw tooOld(at.engineVersion);
  makeExecutable(pack);
  const own = join(at.folder, "guardrails.json");
  const none = join(at.folder, "no-guardrails.json");
  writeFileSync(own, JSON.stringify({ ...guardrails.rules, ...at.rules }));
  writeFileSync(none, "{}");
  const others = guardrails.packs.map((path) => resolve(at.projectDir, path));
  return { policyPacks: [pack, ...others], policyPackConfigs: [own, ...others.map(() => none)] };
}

/** npm makes it executable, as a `bin`; a checkout or a copy may not have kept that. */
function makeExecutable(file: string): void {
  try {
    accessSync(file, constants.X_OK);
    return;
  } catch {
    // Not yet: see below.
  }
  try {
    chmodSync(file, 0o755);
  } catch (error) {
    throw new RolloutError(`The guardrails can't be started: ${messageOf(error)}`, {
      code: "guardrails-not-executable",
      exit: "config",
      path: "rollout.guardrails",
      hint: `Run: chmod +x ${file}`,
      cause: error,
    });
  }
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [sinceMajor = 0, sinceMinor = 0] = executablesSince;
  return major < sinceMajor || (major === sinceMajor && minor < sinceMinor);
}

function tooOld(version: string): RolloutError {
  return new RolloutError(`pulumi ${version} can't run the guardrails.`, {
    code: "engine-too-old",
    exit: "config",
    path: "rollout.guardrails",
    hint: `Update it to ${executablesSince.join(".")} or newer, or write guardrails: false, which the plan shows.`,
  });
}
