import type { Command } from "./command.ts";

/** Every verb and where it lives. Loaded one by one: `plan` must not pay for the engine. */
export const verbs: Readonly<Record<string, () => Promise<Command>>> = {
  plan: async () => (await import("./commands/plan.ts")).planCommand,
  rehearse: async () => (await import("./commands/rehearse.ts")).rehearseCommand,
  run: async () => (await import("./commands/run.ts")).runCommand,
  step: async () => (await import("./commands/step.ts")).stepCommand,
  status: async () => (await import("./commands/status.ts")).statusCommand,
  approve: async () => (await import("./commands/approve.ts")).approveCommand,
  pause: async () => (await import("./commands/pause.ts")).pauseCommand,
  resume: async () => (await import("./commands/resume.ts")).resumeCommand,
  abort: async () => (await import("./commands/abort.ts")).abortCommand,
  rollback: async () => (await import("./commands/rollback.ts")).rollbackCommand,
  flag: async () => (await import("./commands/flag.ts")).flagCommand,
  migrate: async () => (await import("./commands/migrate.ts")).migrateCommand,
  history: async () => (await import("./commands/history.ts")).historyCommand,
  checklist: async () => (await import("./commands/checklist.ts")).checklistCommand,
  announce: async () => (await import("./commands/announce.ts")).announceCommand,
  acknowledge: async () => (await import("./commands/acknowledge.ts")).acknowledgeCommand,
  escalate: async () => (await import("./commands/escalate.ts")).escalateCommand,
  report: async () => (await import("./commands/report.ts")).reportCommand,
  recommend: async () => (await import("./commands/recommend.ts")).recommendCommand,
  recover: async () => (await import("./commands/recover.ts")).recoverCommand,
  budget: async () => (await import("./commands/budget.ts")).budgetCommand,
  triage: async () => (await import("./commands/triage.ts")).triageCommand,
  judge: async () => (await import("./commands/judge.ts")).judgeCommand,
  schema: async () => (await import("./commands/schema.ts")).schemaCommand,
};
