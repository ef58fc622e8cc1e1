import type { Runtime } from "../lib/runtime.ts";
import type { EngineGuard, Talk, World } from "./world.ts";

/** One option of a verb. */
export interface OptionSpec {
  /** As people write it: `--until <step>`, `--expect-changes`. */
  readonly flags: string;
  readonly summary: string;
  readonly required?: boolean;
  /** The only values that it takes. */
  readonly choices?: readonly string[];
  /** Name of an option that has to be given with it: `by`. */
  readonly needs?: string;
}

/** A position of a verb. */
export interface ArgumentSpec {
  readonly name: string;
  readonly summary: string;
}

/** A verb as data: `--help` and the parsing of its arguments are generated from it. */
export interface Command {
  readonly name: string;
  /** One line, in the imperative. */
  readonly summary: string;
  /** Position in place of options: `[step]`, or `<action>` where it has to be given. */
  readonly argument?: ArgumentSpec;
  /** The position behind it. */
  readonly secondArgument?: ArgumentSpec;
  readonly options: readonly OptionSpec[];
  /** `--stack` is asked for unless this is false. */
  readonly needsStack?: boolean;
  /** Whole command lines. */
  readonly examples: readonly string[];
  readonly handler: (context: CommandContext) => Promise<CommandResult>;
}

/** What a verb came to. */
export interface CommandResult {
  /** `data` of `--json`. */
  readonly data: unknown;
  /** What people read in its place, on stdout. */
  readonly text: string;
  /** Default 0. */
  readonly exit?: number;
  /** Why it did not end well, where `exit` isn't 0: stands in the JSON beside the data. */
  readonly problem?: { readonly code: string; readonly message: string; readonly hint?: string };
}

/** Options by their camel-case name: `allowUnversioned`. */
export type OptionValues = Readonly<Record<string, string | boolean | undefined>>;

/** What a verb works with. */
export interface CommandContext {
  readonly options: OptionValues;
  readonly argument?: string;
  readonly secondArgument?: string;
  /** Name of the stack; empty where the verb needs none. */
  readonly stack: string;
  /** Absolute folder of Pulumi.yaml. */
  readonly projectDir: string;
  readonly json: boolean;
  /** Whether stdout takes colour. */
  readonly color: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly talk: Talk;
  readonly runtime: Runtime;
  readonly world: World;
  readonly interrupts: EngineGuard;
}

/** An option that takes a text; undefined where it isn't given. */
export function textOption({ options }: Pick<CommandContext, "options">, name: string): string | undefined {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
}

/** An option without a value. */
export function flag({ options }: Pick<CommandContext, "options">, name: string): boolean {
  return options[name] === true;
}
