import { CommanderError, Command as Parser } from "commander";
import { type Issue, RolloutError } from "../errors/errors.ts";
import type { ArgumentSpec, Command, OptionSpec, OptionValues } from "./command.ts";

/** Options that every verb takes. */
export const globalOptions: readonly OptionSpec[] = [
  { flags: "--project <dir>", summary: "folder of Pulumi.yaml (default: the current one)" },
  { flags: "--json", summary: "print one JSON object on stdout" },
  { flags: "--no-color", summary: "no colour, as with NO_COLOR" },
  { flags: "-h, --help", summary: "print this" },
];

/** The option of every verb that works on a stack. */
export const stackOption: OptionSpec = {
  flags: "--stack <name>",
  summary: "the stack, as in Pulumi.<name>.yaml",
  required: true,
};

export interface ParsedArgs {
  readonly options: OptionValues;
  readonly argument?: string;
  readonly secondArgument?: string;
}

/**
 * Splits a command line into the verb and what comes behind it. Global options may stand before the verb.
 */
export function splitVerb(argv: readonly string[]): {
  readonly verb?: string;
  readonly rest: readonly string[];
} {
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? "";
    if (word === "--project" || word === "--stack") index += 1;
    else if (!word.startsWith("-")) return { verb: word, rest: argv.toSpliced(index, 1) };
  }
  return { rest: argv };
}

/** Parses what comes behind a verb. Throws a RolloutError (code `usage`, exit 2) with every problem. */
export function parseArgs(command: Command, argv: readonly string[]): ParsedArgs {
  const specs = optionsOf(command);
  const parser = new Parser(command.name).exitOverride().helpOption(false).allowExcessArguments(false);
  parser.configureOutput({ writeErr: () => {}, writeOut: () => {} });
  for (const { flags, summary } of specs) parser.option(flags, summary);
  for (const { name, summary } of argumentsOf(command)) parser.argument(name, summary);
  try {
    parser.parse(argv, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) throw usage(command, error);
    throw error;
  }
  const options: OptionValues = parser.opts();
  const issues = specs.flatMap((spec) => problemsOf(spec, options));
  if (issues.length > 0) throw usageError(command, issues);
  const [argument, secondArgument] = parser.args;
  return {
    options,
    ...(argument === undefined ? {} : { argument }),
    ...(secondArgument === undefined ? {} : { secondArgument }),
  };
}

/** All options of a verb, its own first. */
export function optionsOf(command: Command): readonly OptionSpec[] {
  return [...(command.needsStack === false ? [] : [stackOption]), ...command.options, ...globalOptions];
}

/** The positions of a verb, in order. */
export function argumentsOf({ argument, secondArgument }: Command): readonly ArgumentSpec[] {
  return [argument, secondArgument].filter((one) => one !== undefined);
}

function problemsOf(spec: OptionSpec, options: OptionValues): readonly Issue[] {
  const name = /--([\w-]+)/.exec(spec.flags)?.[1] ?? spec.flags;
  const path = `--${name}`;
  const value = options[camel(name)];
  if (value === undefined || value === false) {
    const hint = spec.choices
      ? `One of ${spec.choices.join(", ")}.`
      : `Write ${spec.flags}: ${spec.summary}.`;
    return spec.required ? [{ path, rule: "required", hint }] : [];
  }
  const issues: Issue[] = [];
  if (value === "") issues.push({ path, received: '""', rule: "not empty", hint: `Write ${spec.flags}.` });
  else if (spec.choices && !spec.choices.includes(String(value))) {
    const rule = `one of ${spec.choices.join(", ")}`;
    issues.push({ path, received: JSON.stringify(value), rule, hint: `Write ${path} ${spec.choices[0]}.` });
  }
  if (spec.needs !== undefined && options[camel(spec.needs)] === undefined) {
    const rule = `required with ${path}`;
    issues.push({ path: `--${spec.needs}`, rule, hint: `Add --${spec.needs}.` });
  }
  return issues;
}

function camel(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function usage(command: Command, error: CommanderError): RolloutError {
  const [text = "", suggestion] = error.message.replace(/^error: /, "").split("\n");
  const hint = suggestion
    ? suggestion.replace(/^\(|\)$/g, "")
    : `\`rollouts ${command.name} --help\` lists the options.`;
  return new RolloutError(`rollouts ${command.name}: ${text}.`, { code: "usage", exit: "config", hint });
}

/** Options that don't go together: code `usage`, exit 2, with every problem. */
export function usageError(command: Command, issues: readonly Issue[]): RolloutError {
  const count = issues.length === 1 ? "1 problem" : `${issues.length} problems`;
  const [first] = issues;
  return new RolloutError(`rollouts ${command.name} has ${count} in its options.`, {
    code: "usage",
    exit: "config",
    issues,
    ...(first ? { hint: first.hint } : {}),
  });
}
