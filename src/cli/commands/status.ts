import { isProcessAlive } from "../../adapters/record/host.ts";
import { metricsOf } from "../../driver/own-metrics.ts";
import { lastRollout } from "../../driver/resume.ts";
import { prometheusText } from "../../lib/metrics/prometheus-text.ts";
import type { JournalEntry } from "../../types/journal.ts";
import { type Command, type CommandContext, type CommandResult, textOption } from "../command.ts";
import { lastOff } from "../flag-meant.ts";
import { type OpenStack, openStack, servedVersion } from "../record-view.ts";
import { type DriverView, renderStatus, type StatusView } from "../render/status.ts";
import { statusOf } from "../status-view.ts";

export const statusCommand: Command = {
  name: "status",
  summary: "show what the rollout does, from its journal and lease alone",
  options: [
    {
      flags: "--format <format>",
      summary: "prometheus: the driver's own metrics in Prometheus' text format (docs/own-metrics.md)",
      choices: ["prometheus"],
    },
  ],
  examples: ["rollouts status --stack prod", "rollouts status --stack prod --json"],
  handler: status,
};

async function status(context: CommandContext): Promise<CommandResult> {
  const stack = await openStack(context);
  const { entries, record, at } = stack;
  const served = servedVersion(entries)?.version ?? "unknown";
  const last = lastRollout(entries);
  const id = at.config.policy.flag?.spec.id;
  const off = id === undefined ? undefined : lastOff(entries, id);
  const base = {
    stack: at.stack,
    service: at.config.policy.service,
    served,
    journal: record.journal.location,
    ...(off === undefined ? {} : { flagOff: off }),
  };
  const view: StatusView =
    last === undefined
      ? base
      : {
          ...base,
          rollout: statusOf(last, entries, await record.requests.read(last.rolloutId)),
          driver: await driverOf(stack),
        };
  if (textOption(context, "format") === "prometheus") {
    // The sink ends the last line.
    return { data: view, text: prometheusText(metricsOf(entries)).replace(/\n$/, "") };
  }
  const nowMs = context.runtime.wall.now();
  return { data: view, text: renderStatus(view, { color: context.color, nowMs }) };
}

/** Who drives it: read from the store, without asking for the lease. */
async function driverOf({ entries, record }: OpenStack): Promise<DriverView> {
  const holder = holderOf(entries);
  const token = entries.at(-1)?.leaseToken;
  const named = holder === undefined ? {} : { holder };
  if (token === undefined || !(await record.lease.check(token))) return { alive: false, ...named };
  const pid = / pid (\d+)$/.exec(holder ?? "")?.[1];
  const { hostname } = await import("node:os");
  const here = holder?.includes(`@${hostname()} pid `) ?? false;
  return { alive: pid === undefined || !here || isProcessAlive(Number(pid)), ...named };
}

/** The last driver that said who it is: at a begin, or when it took the rollout up. */
function holderOf(entries: readonly JournalEntry[]): string | undefined {
  const holder = entries.findLast(({ data }) => typeof data["holder"] === "string")?.data["holder"];
  return typeof holder === "string" ? holder : undefined;
}
