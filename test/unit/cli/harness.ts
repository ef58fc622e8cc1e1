import { runCli } from "../../../src/cli/cli.ts";
import type { StackAt, World } from "../../../src/cli/world.ts";
import type { StackConfig } from "../../../src/config/load.ts";
import type { EnvironmentPolicy } from "../../../src/types/policy.ts";
import { aPolicy } from "../../support/builders.ts";
import type { aDriver } from "../../support/drive.ts";

type Driver = ReturnType<typeof aDriver>;
type Signal = "SIGINT" | "SIGTERM" | "SIGHUP";

export interface CliRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Parsed standard output of `--json`. */
  readonly json: Record<string, unknown>;
}

export interface CliOptions {
  readonly world?: World;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly tty?: boolean;
}

/** Streams of a command line, kept, and its signals. */
export function anIo({ env = {}, cwd = "/project", tty = false }: CliOptions = {}) {
  const streams = { stdout: "", stderr: "" };
  const handlers = new Map<Signal, () => void>();
  const stream = (name: "stdout" | "stderr") => ({
    write: (text: string) => {
      streams[name] += text;
    },
    isTTY: tty,
  });
  const io = {
    env,
    cwd,
    stdout: stream("stdout"),
    stderr: stream("stderr"),
    stdinIsTTY: tty,
    onSignal: (name: Signal, heard: () => void) => void handlers.set(name, heard),
  };
  return { io, streams, send: (name: Signal) => handlers.get(name)?.() };
}

/** One command line in this process. */
export async function cli(argv: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const { io, streams } = anIo(options);
  const code = await runCli({ argv, io, world: options.world ?? noWorld, version: "0.0.0-test" });
  const json = streams.stdout.startsWith("{") ? JSON.parse(streams.stdout) : {};
  return { code, ...streams, json };
}

export function aStackConfig(policy: Partial<EnvironmentPolicy> = {}, version = "1.2.4"): StackConfig {
  return { project: "atp", main: "src/program/index.ts", version, rollout: {}, policy: aPolicy(policy) };
}

/** The outside of a driver in memory. */
export function aWorld(driver: Driver, config: StackConfig = aStackConfig()): World & { opened: StackAt[] } {
  const opened: StackAt[] = [];
  const { flag } = driver.deps;
  return {
    ...(flag === undefined ? {} : { openFlags: async () => flag.flags }),
    opened,
    loadConfig: async () => config,
    openRecord: async () => driver.record,
    openDriver: async (at, _context, observer) => {
      opened.push(at);
      return { ...driver.deps, observer };
    },
  };
}

/** For command lines that must not come so far. */
export const noWorld: World = {
  loadConfig: async () => {
    throw new Error("the config was loaded");
  },
  openRecord: async () => {
    throw new Error("the record was opened");
  },
  openDriver: async () => {
    throw new Error("a driver was opened");
  },
};
