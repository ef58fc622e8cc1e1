import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureDebian } from "./debian.ts";
import { freePorts, startProcess, waitUntil } from "./process.ts";

/** One series of an instant query. */
export interface PrometheusSample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A Prometheus that scrapes each second. */
export interface Prometheus {
  /** http://127.0.0.1:port */
  readonly url: string;
  readonly port: number;
  /** Scrapes these loopback ports instead, within about 6 s: Prometheus collects changes for 5 s. */
  setTargets(ports: readonly number[]): void;
  /** An instant query; throws what Prometheus says of a wrong expression. */
  query(expression: string): Promise<readonly PrometheusSample[]>;
  stop(): Promise<void>;
}

/** What to scrape. */
export interface PrometheusOptions {
  /** An existing folder for configuration, data and log. */
  readonly dir: string;
  /** Loopback ports with /metrics. */
  readonly targets: readonly number[];
  readonly log?: (line: string) => void;
}

/**
 * Starts Prometheus on a free loopback port with its data in the given folder.
 *
 * @throws Error with Prometheus' last lines
 */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const { prometheus: command } = await ensureDebian(["prometheus"], options.log);
  const [port = 0] = await freePorts(1);
  const targets = join(options.dir, "targets.json");
  const config = join(options.dir, "prometheus.yml");
  const setTargets = (ports: readonly number[]): void => {
    const addresses = ports.map((target) => `127.0.0.1:${target}`);
    // In one step: Prometheus must not read half a file.
    writeFileSync(`${targets}.new`, JSON.stringify([{ targets: addresses }]));
    renameSync(`${targets}.new`, targets);
  };
  setTargets(options.targets);
  writeFileSync(config, configuration(targets));
  const url = `http://127.0.0.1:${port}`;
  const process = startProcess({
    name: "prometheus",
    command,
    dir: options.dir,
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(options.dir, "prometheus-data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
  });
  await waitUntil({
    what: "Prometheus",
    timeoutMs: 30_000,
    of: process,
    ready: async () => (await fetch(`${url}/-/ready`)).ok,
  });
  return { url, port, setTargets, query: (expression) => query(url, expression), stop: () => process.stop() };
}

function configuration(targets: string): string {
  return `global:
  scrape_interval: 1s
  scrape_timeout: 1s
  evaluation_interval: 1s
scrape_configs:
  - job_name: services
    file_sd_configs:
      - files: [${JSON.stringify(targets)}]
        refresh_interval: 1s
`;
}

interface Answer {
  readonly error?: string;
  readonly data?: { readonly result: readonly { metric: Record<string, string>; value: [number, string] }[] };
}

async function query(url: string, expression: string): Promise<readonly PrometheusSample[]> {
  const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`);
  const answer = (await response.json()) as Answer;
  if (!answer.data) throw new Error(`Prometheus: ${answer.error ?? response.status}`);
  return answer.data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
}
