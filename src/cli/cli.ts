import { resolve } from "node:path";
import { nearest } from "../config/suggest.ts";
import { exitCodes, RolloutError, toExitCode } from "../errors/errors.ts";
import { parseArgs, splitVerb } from "./args.ts";
import type { Command, CommandContext, CommandResult } from "./command.ts";
import { createRuntime } from "./compose/runtime.ts";
import { renderCommandHelp, renderHelp } from "./help.ts";
import { createInterrupts } from "./interrupts.ts";
import { painter, renderError, renderInternal } from "./render/human.ts";
import { errorEnvelope, resultEnvelope } from "./render/json.ts";
import { createSink, type Io, type Sink } from "./sink.ts";
import { verbs } from "./table.ts";
import type { World } from "./world.ts";

export interface CliOptions {
  /** Without the interpreter and the script. */
  readonly argv: readonly string[];
  readonly io: Io;
  readonly world: World;
  /** Of the package, for bug reports. */
  readonly version: string;
}

/** One command line from arguments to exit code. Never throws; everything printed goes through one sink. */
export async function runCli(options: CliOptions): Promise<number> {
  const { argv, io } = options;
  const json = argv.includes("--json");
  const sink = createSink(io, { color: !argv.includes("--no-color") });
  const { verb, rest } = splitVerb(argv);
  try {
    const help = argv.includes("--help") || argv.includes("-h");
    if (verb === undefined) return await overview(sink, help);
    const command = await findCommand(verb);
    if (help) {
      sink.data(renderCommandHelp(command));
      return exitCodes.ok;
    }
    const result = await command.handler(contextOf(options, command, { rest, sink }));
    sink.data(json ? JSON.stringify(resultEnvelope(verb, result)) : result.text);
    if (!json) sayProblem(sink, result);
    return result.exit ?? exitCodes.ok;
  } catch (error) {
    report(error, { ...options, json, sink, verb: verb ?? "" });
    return toExitCode(error);
  }
}

async function overview(sink: Sink, asked: boolean): Promise<number> {
  const commands = await Promise.all(Object.values(verbs).map((load) => load()));
  const text = renderHelp(commands);
  if (asked) sink.data(text);
  else sink.talk.line(text);
  return asked ? exitCodes.ok : exitCodes.config;
}

async function findCommand(verb: string): Promise<Command> {
  const load = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (load !== undefined) return await load();
  const names = Object.keys(verbs);
  const near = nearest(verb, names);
  throw new RolloutError(`There is no verb ${JSON.stringify(verb)}.`, {
    code: "usage",
    exit: "config",
    hint: near === undefined ? `Verbs: ${names.join(", ")}.` : `Did you mean ${near}?`,
  });
}

function contextOf(
  { io, world }: CliOptions,
  command: Command,
  { rest, sink }: { readonly rest: readonly string[]; readonly sink: Sink },
): CommandContext {
  const { options, argument, secondArgument } = parseArgs(command, rest);
  const { talk } = sink;
  const interrupts = createInterrupts(io, talk);
  const debug = io.env["PULUMI_ROLLOUTS_DEBUG"] !== undefined;
  return {
    options,
    ...(argument === undefined ? {} : { argument }),
    ...(secondArgument === undefined ? {} : { secondArgument }),
    stack: String(options["stack"] ?? ""),
    projectDir: resolve(io.cwd, String(options["project"] ?? ".")),
    json: options["json"] === true,
    color: sink.color,
    env: io.env,
    talk,
    runtime: createRuntime({ talk, signal: interrupts.signal, debug }),
    world,
    interrupts,
  };
}

function sayProblem(sink: Sink, { problem }: CommandResult): void {
  if (problem?.hint !== undefined)
    sink.talk.line(`${painter(sink.talk.color)("cyan", "hint")}  ${problem.hint}`);
}

function report(
  error: unknown,
  { argv, json, sink, verb, version }: CliOptions & { json: boolean; sink: Sink; verb: string },
): void {
  if (json) sink.data(JSON.stringify(errorEnvelope(verb, error)));
  if (error instanceof RolloutError && error.exit !== "internal") {
    if (!json) sink.talk.line(renderError(error, painter(sink.talk.color)));
    return;
  }
  sink.talk.line(renderInternal(error, { command: argv.join(" "), version }));
}
