import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { findOnPath } from "../../src/adapters/engine/pulumi-command.ts";

const run = promisify(execFile);

/** Debian packages that tests use, and the program by which each is known to be there. */
const programs = {
  "etcd-server": "etcd",
  haproxy: "haproxy",
  // Its server programs are off every PATH; this one comes with all of them.
  postgresql: "pg_lsclusters",
  prometheus: "prometheus",
  chromium: "chromium",
} as const;

export type DebianPackage = keyof typeof programs;

let listsUpdated = false;

/** Absolute path of a package's program, or undefined. Daemons live in /usr/sbin, off many users' PATH. */
export function debianProgram(name: DebianPackage): string | undefined {
  return findOnPath(programs[name], `${process.env["PATH"] ?? ""}:/usr/bin:/usr/sbin:/usr/local/bin`);
}

/**
 * Installs the packages whose programs are missing, by apt-get; needs root or a sudo that doesn't ask.
 * Their services are not started.
 *
 * @returns the absolute path of each package's program
 * @throws Error with apt-get's last lines
 */
export async function ensureDebian<P extends DebianPackage>(
  packages: readonly P[],
  log: (line: string) => void = () => {},
): Promise<Record<P, string>> {
  const missing = packages.filter((name) => !debianProgram(name));
  if (missing.length > 0) {
    log(`apt-get install ${missing.join(" ")}`);
    if (!listsUpdated) await apt(["update"]);
    listsUpdated = true;
    await apt(["install", "-y", "--no-install-recommends", ...missing]);
  }
  const found = packages.map((name) => {
    const path = debianProgram(name);
    if (!path) throw new Error(`${name} is installed, and there is no ${programs[name]} in it`);
    return [name, path];
  });
  return Object.fromEntries(found) as Record<P, string>;
}

async function apt(args: readonly string[]): Promise<void> {
  // Run level 1 keeps Debian's scripts from starting the services.
  const settings = ["RUNLEVEL=1", "DEBIAN_FRONTEND=noninteractive"];
  const command = ["env", ...settings, "apt-get", "-o", "DPkg::Lock::Timeout=300", ...args];
  const [program = "env", ...rest] = process.getuid?.() === 0 ? command : ["sudo", "-n", ...command];
  try {
    await run(program, rest, { timeout: 600_000, maxBuffer: 64 << 20 });
  } catch (error) {
    const { stderr = "", message } = error as Error & { stderr?: string };
    const tail = stderr.trimEnd().split("\n").slice(-10).join("\n");
    throw new Error(`apt-get ${args[0]} failed: ${tail || message}`, { cause: error });
  }
}
