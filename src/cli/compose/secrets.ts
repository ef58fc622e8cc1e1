import { execFile } from "node:child_process";
import { checklistSecrets } from "../../config/checklist-of.ts";
import { isObject } from "../../config/json.ts";
import { normalizeOrThrow } from "../../config/normalize.ts";
import { notifySecrets } from "../../config/notify-of.ts";
import { isSecure } from "../../config/received.ts";
import { RolloutError } from "../../errors/errors.ts";
import type { EnvironmentPolicy } from "../../types/policy.ts";
import type { CommandContext } from "../command.ts";
import type { StackAt } from "../world.ts";

/** A policy whose encrypted values were read, and those values. */
export interface OpenPolicy {
  readonly policy: EnvironmentPolicy;
  /** Everything to mask in what is printed, journaled and sent. */
  readonly secrets: readonly string[];
}

/** Runs `pulumi` with arguments; the text of its standard output. Given, so that tests need no engine. */
export type PulumiCli = (args: readonly string[]) => Promise<string>;

/**
 * Reads what the stack's file keeps encrypted, through the engine, which alone can decrypt it. A file without
 * encrypted values costs nothing. Plain webhook URLs count as secrets too: most carry their key.
 */
export async function openPolicy(at: StackAt, pulumi: PulumiCli): Promise<OpenPolicy> {
  const { config } = at;
  const policy = securePaths(config.rollout).length === 0 ? config.policy : await openedPolicy(at, pulumi);
  return { policy, secrets: secretsOf(policy) };
}

async function openedPolicy(at: StackAt, pulumi: PulumiCli): Promise<EnvironmentPolicy> {
  const { stack, adapt } = at;
  const written = await decrypted(at, pulumi);
  const policy = normalizeOrThrow({ written, stack });
  return adapt === undefined ? policy : adapt({ written, policy });
}

/**
 * The policy of a stack whose engine nobody needs otherwise: one is only looked for where the file keeps something
 * encrypted. What it found secret is masked from here on.
 */
export async function openPolicyAlone(at: StackAt, context: CommandContext): Promise<OpenPolicy> {
  const { env, runtime, talk } = context;
  const engine = async (args: readonly string[]) => {
    const { acquireEngine } = await import("../../adapters/engine/acquire.ts");
    const found = await acquireEngine({ env, log: (line) => talk.line(line), signal: runtime.signal });
    return await pulumiCli(found.pulumi, env)(args);
  };
  const opened = await openPolicy(at, engine);
  talk.addSecrets(opened.secrets);
  return opened;
}

/** Everything in a policy that is a secret, encrypted in the file or not. */
function secretsOf(policy: EnvironmentPolicy): readonly string[] {
  const { approvers, change, validate } = policy;
  const authorization = change?.kind === "http" ? (change.authorization ?? "") : "";
  return [
    ...notifySecrets(policy),
    ...checklistSecrets(policy),
    ...approvers.sources.flatMap((source) => (source.kind === "signed-files" ? [] : [source.token])),
    ...(validate.postgres === undefined ? [] : [validate.postgres]),
    // With its scheme and without: a server may quote the one or the other.
    ...(authorization === "" ? [] : [authorization, ...authorization.split(/\s+/).slice(1)]),
  ];
}

async function decrypted({ config, stack, projectDir }: StackAt, pulumi: PulumiCli): Promise<unknown> {
  const key = `${config.project}:rollout`;
  const args = ["config", "get", key, "--json", "--stack", stack, "--cwd", projectDir, "--non-interactive"];
  const text = await pulumi(args);
  const answer: unknown = Object(JSON.parse(text));
  const { objectValue, value } = Object(answer);
  return objectValue ?? (typeof value === "string" ? JSON.parse(value) : value);
}

/** Where `{ secure: … }` stands in a written config. Pure. */
export function securePaths(written: unknown, path = ""): readonly string[] {
  if (isSecure(written)) return [path];
  if (Array.isArray(written)) return written.flatMap((item, index) => securePaths(item, `${path}[${index}]`));
  if (!isObject(written)) return [];
  return Object.entries(written).flatMap(([name, item]) =>
    securePaths(item, path === "" ? name : `${path}.${name}`),
  );
}

/** The CLI of an engine. A failure (no passphrase, no login) is exit 3; its message never quotes a value. */
export function pulumiCli(pulumi: string, env: NodeJS.ProcessEnv): PulumiCli {
  return (args) =>
    new Promise((done, fail) => {
      execFile(pulumi, [...args], { env, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
        if (error === null) return done(stdout);
        const first =
          stderr
            .trim()
            .split("\n")[0]
            ?.replace(/^error: /, "") ?? "no message";
        fail(
          new RolloutError(`The encrypted values of the rollout can't be read: ${first}`, {
            code: "config-locked",
            exit: "auth",
            hint: "Set PULUMI_CONFIG_PASSPHRASE or log in (`pulumi login`), as for `pulumi up`.",
          }),
        );
      });
    });
}
