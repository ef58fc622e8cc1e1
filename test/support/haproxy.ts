import { writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { ensureDebian } from "./debian.ts";
import { freePorts, startProcess, waitUntil } from "./process.ts";

/** Weight by server; shares are weight over the sum, as in an HTTPRoute. */
export type Weights = Readonly<Record<string, number>>;

/** A load balancer whose weights change while it runs. */
export interface Haproxy {
  /** http://127.0.0.1:port */
  readonly url: string;
  readonly port: number;
  /**
   * Sets weights; a server that isn't named keeps its own. Weight 0 gets no new request, while those in
   * flight finish. Resolves when HAProxy has applied them.
   */
  setWeights(weights: Weights): Promise<void>;
  /** What HAProxy holds now. */
  weights(): Promise<Weights>;
  stop(): Promise<void>;
}

/** What to balance. */
export interface HaproxyOptions {
  /** An existing folder for the configuration, the socket and the log. */
  readonly dir: string;
  /** Loopback port by server name. */
  readonly servers: Readonly<Record<string, number>>;
  /** Weights at the start; default: 0 for those not named. */
  readonly weights: Weights;
  readonly log?: (line: string) => void;
}

/** HAProxy's largest weight: 5/20/50/100 of 100 are exact below it. */
const largest = 256;

/**
 * Starts HAProxy on a free loopback port. Requests are dealt in turn, so that a hundred of them meet each
 * weight within one request.
 *
 * @throws Error with HAProxy's last lines
 */
export async function startHaproxy(options: HaproxyOptions): Promise<Haproxy> {
  const { haproxy: command } = await ensureDebian(["haproxy"], options.log);
  const [port = 0] = await freePorts(1);
  const socket = join(options.dir, "haproxy.sock");
  const config = join(options.dir, "haproxy.cfg");
  writeFileSync(config, configuration(options, port, socket));
  const process = startProcess({ name: "haproxy", command, args: ["-db", "-f", config], dir: options.dir });
  await waitUntil({
    what: "HAProxy",
    timeoutMs: 10_000,
    of: process,
    ready: async () => (await ask(socket, "show version")) !== "",
  });
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    async setWeights(weights) {
      // Raises come first, so that there is never a moment at which nobody has weight.
      const commands = Object.entries(scaled(weights))
        .toSorted(([, a], [, b]) => b - a)
        .map(([name, weight]) => `set weight app/${known(name, options)} ${weight}`);
      const said = (await ask(socket, commands.join("; "))).trim();
      if (said) throw new Error(`HAProxy refuses the weights: ${said}`);
    },
    async weights() {
      const names = Object.keys(options.servers);
      const text = await ask(socket, names.map((name) => `get weight app/${name}`).join("; "));
      const values = [...text.matchAll(/^(\d+) \(initial/gm)].map((match) => Number(match[1]));
      return Object.fromEntries(names.map((name, i) => [name, values[i] ?? Number.NaN]));
    },
    stop: () => process.stop(),
  };
}

function configuration({ servers, weights }: HaproxyOptions, port: number, socket: string): string {
  const initial = scaled(weights);
  return `global
  stats socket ${socket} mode 600 level admin
defaults
  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 60s
frontend in
  bind 127.0.0.1:${port}
  default_backend app
backend app
  balance roundrobin
${Object.entries(servers)
  .map(([name, to]) => `  server ${name} 127.0.0.1:${to} weight ${initial[name] ?? 0}`)
  .join("\n")}
`;
}

function known(name: string, options: HaproxyOptions): string {
  if (name in options.servers) return name;
  throw new Error(`HAProxy has no server ${name}, only ${Object.keys(options.servers).join(", ")}`);
}

/** A weight of a route may be any number; small ones pass as they are. */
function scaled(weights: Weights): Weights {
  const most = Math.max(...Object.values(weights), 0);
  if (most <= largest) return weights;
  return Object.fromEntries(
    Object.entries(weights).map(([name, weight]) => {
      const part = Math.round((weight * largest) / most);
      // A small share is still a share.
      return [name, weight > 0 ? Math.max(1, part) : 0];
    }),
  );
}

/** One line to the stats socket, and its whole answer. */
function ask(socket: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const connection = createConnection(socket, () => connection.write(`${line}\n`));
    connection.setEncoding("utf8");
    connection.setTimeout(5_000, () => connection.destroy(new Error("the stats socket doesn't answer")));
    connection.on("data", (chunk) => {
      text += chunk;
    });
    connection.once("error", reject);
    connection.once("end", () => resolve(text));
  });
}
