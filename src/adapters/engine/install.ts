import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { takeLock } from "./build-lock.ts";
import { cacheRoot } from "./go-build.ts";

/** What an installation takes from its surroundings. */
export interface InstallContext {
  readonly log: (line: string) => void;
  readonly env: NodeJS.ProcessEnv;
  /** Asks whether the installer can be reached; default: the global one. */
  readonly fetch?: typeof globalThis.fetch;
  /** Installs the official CLI into a folder; default: `PulumiCommand.install`. */
  readonly install?: (root: string) => Promise<void>;
  readonly signal?: AbortSignal;
}

const installer = "https://get.pulumi.com/install.sh";
const reachMs = 4_000;

/** Where the official CLI is, or would be, in our cache. */
export function installedCommand(env: NodeJS.ProcessEnv): string {
  return join(cacheRoot(env), "installed", "bin", "pulumi");
}

/**
 * Installs the official Pulumi CLI into our cache, once; of several processes one installs and the others
 * wait.
 *
 * @returns the path of the command
 * @throws Error when the installer can't be reached within 4 s, or fails
 */
export async function installCommand(context: InstallContext): Promise<string> {
  await reach(context);
  const command = installedCommand(context.env);
  const root = join(cacheRoot(context.env), "installed");
  mkdirSync(root, { recursive: true });
  const lock = await takeLock(join(root, "install.lock"), {
    done: () => existsSync(command),
    onWait: (owner) => context.log(`pulumi: process ${owner.pid} is installing it; waiting`),
    signal: context.signal,
  });
  if (!lock) return command;
  const alive = setInterval(lock.touch, 15_000);
  try {
    context.log(`pulumi: installing the official CLI into ${root}`);
    await (context.install ?? installOfficial)(root);
  } finally {
    clearInterval(alive);
    lock.release();
  }
  return command;
}

/** Without a network the installer would hang in name look-ups; a few seconds must tell. */
async function reach(context: InstallContext): Promise<void> {
  const timeout = AbortSignal.timeout(reachMs);
  const signal = context.signal ? AbortSignal.any([context.signal, timeout]) : timeout;
  const response = await (context.fetch ?? fetch)(installer, { method: "HEAD", signal });
  if (!response.ok) throw new Error(`${installer} answers ${response.status}`);
}

async function installOfficial(root: string): Promise<void> {
  // A large module that only this rare way needs.
  const { PulumiCommand } = await import("@pulumi/pulumi/automation/index.js");
  await PulumiCommand.install({ root });
}
