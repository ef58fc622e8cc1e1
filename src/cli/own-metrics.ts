import { metricsOf } from "../driver/own-metrics.ts";
import type { DriverDeps } from "../driver/session.ts";
import { RolloutError } from "../errors/errors.ts";
import type { LastLook, MetricsNow } from "../types/own-metrics.ts";
import { type CommandContext, type OptionSpec, textOption } from "./command.ts";

/** How a driver's own metrics are asked for. */
export const metricsOptions: readonly OptionSpec[] = [
  {
    flags: "--metrics-port <port>",
    summary: "serve the driver's own metrics at /metrics while it runs; 0: a free port (docs/own-metrics.md)",
  },
  {
    flags: "--metrics-host <host>",
    summary: "address that they are served on (default 127.0.0.1)",
    needs: "metricsPort",
  },
];

export interface Exported {
  /** The same driver, whose looks are known. */
  readonly deps: DriverDeps;
  /** Sends what is left to send; 5 s at most. */
  close(): Promise<void>;
}

/**
 * Exports the metrics of a driver while it runs: served where `--metrics-port` asks for it, sent where OpenTelemetry's
 * variables do, else not at all.
 */
export async function exportMetrics(context: CommandContext, deps: DriverDeps): Promise<Exported> {
  const { env, runtime, talk } = context;
  const port = portOf(context);
  const { otlpFromEnv, otlpSecrets } = await import("../adapters/own-metrics/otlp-env.ts");
  const { target, problem } = otlpFromEnv(env);
  if (problem !== undefined) talk.line(`warning: no metrics are sent: ${problem}`);
  if (port === undefined && target === undefined) return { deps, close: async () => {} };
  const { read, looked } = reader(deps);
  const closes: (() => Promise<void>)[] = [];
  if (port !== undefined) {
    const { serveMetrics } = await import("../adapters/own-metrics/serve.ts");
    const host = textOption(context, "metricsHost") ?? "127.0.0.1";
    const server = await serveMetrics({ host, port, read });
    talk.line(`metrics: ${server.url}`);
    closes.push(() => server.close());
  }
  if (target !== undefined) {
    talk.addSecrets(otlpSecrets(target));
    const { pushMetrics } = await import("../adapters/own-metrics/otlp-push.ts");
    const push = pushMetrics({ target, runtime, read });
    closes.push(() => push.close());
  }
  const close = async () => void (await Promise.all(closes.map((one) => one())));
  return { deps: { ...deps, looked }, close };
}

/** The journal is read each time: what another process has written into it counts too. */
function reader({ record, runtime }: DriverDeps) {
  let look: LastLook | undefined;
  const read = async (): Promise<MetricsNow> => {
    const entries = await record.journal.read();
    const sinceMs = Date.parse(entries[0]?.wallAt ?? new Date(runtime.wall.now()).toISOString());
    return { families: metricsOf(entries, look), sinceMs };
  };
  const looked: NonNullable<DriverDeps["looked"]> = (readings) => {
    look = { atMs: runtime.wall.now(), readings };
  };
  return { read, looked };
}

function portOf(context: CommandContext): number | undefined {
  const text = textOption(context, "metricsPort");
  if (text === undefined) return undefined;
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new RolloutError(`--metrics-port is ${JSON.stringify(text)}: a whole number from 0 to 65535.`, {
    code: "usage",
    exit: "config",
    path: "--metrics-port",
    hint: "Write --metrics-port 9464, or 0 for a free one.",
  });
}
