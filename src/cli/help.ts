import { argumentsOf, optionsOf } from "./args.ts";
import type { Command, OptionSpec } from "./command.ts";
import { columns } from "./render/human.ts";

/** `rollouts --help`. */
export function renderHelp(commands: readonly Command[]): string {
  return [
    "rollouts: progressive delivery for Pulumi stacks",
    "",
    "Usage: rollouts <verb> [options]",
    "",
    columns(commands.map(({ name, summary }) => ["  ", name, summary])),
    "",
    "`rollouts <verb> --help` shows its options. Exit codes: docs/exit-codes.md.",
  ].join("\n");
}

/** `rollouts <verb> --help`. */
export function renderCommandHelp(command: Command): string {
  const { name, summary, examples } = command;
  const positions = argumentsOf(command);
  const rows = optionsOf(command).map((option) => ["  ", option.flags, describe(option)]);
  return [
    `rollouts ${name}: ${summary}`,
    "",
    `Usage: ${["rollouts", name, ...positions.map((one) => one.name), "[options]"].join(" ")}`,
    ...(positions.length === 0 ? [] : ["", columns(positions.map((one) => ["  ", one.name, one.summary]))]),
    "",
    columns(rows),
    "",
    "Examples:",
    ...examples.map((line) => `  ${line}`),
  ].join("\n");
}

function describe({ summary, choices, required, needs }: OptionSpec): string {
  const notes = [
    ...(choices ? [`one of ${choices.join(", ")}`] : []),
    ...(required ? ["required"] : []),
    ...(needs === undefined ? [] : [`with --${needs}`]),
  ];
  return notes.length === 0 ? summary : `${summary} (${notes.join("; ")})`;
}
