import { acquireEngine } from "../../adapters/engine/acquire.ts";
import { createAutomationEngine } from "../../adapters/engine/automation.ts";
import type { JournalHead } from "../../types/journal.ts";
import type { CommandContext } from "../command.ts";
import type { StackAt } from "../world.ts";
import { workFolder } from "./work-folder.ts";

/** The head of the journal as the stack's state has it; the program isn't run, and nothing is decrypted. */
export async function readAnchor(
  { projectDir, stack, config }: StackAt,
  { env, runtime, talk, interrupts }: CommandContext,
): Promise<JournalHead | undefined> {
  const found = await acquireEngine({ env, log: (line) => talk.line(line), signal: runtime.signal });
  const engine = createAutomationEngine({
    program: async () => {
      throw new Error("the state is read without the program");
    },
    stack,
    project: config.project,
    projectDir,
    workDir: workFolder(),
    pulumi: found.pulumi,
    env: { PULUMI_SKIP_UPDATE_CHECK: "true" },
    runtime,
  });
  const { journalHead } = await interrupts.track(engine.deployed());
  return journalHead;
}
