import { execFile } from "node:child_process";
import { chownSync, globSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { ensureDebian } from "./debian.ts";
import { freePorts, startProcess, waitUntil } from "./process.ts";

const run = promisify(execFile);

/** A PostgreSQL cluster of its own. */
export interface Postgres {
  /** `postgresql://atp:<password>@127.0.0.1:<port>/postgres` */
  readonly url: string;
  readonly password: string;
  stop(): Promise<void>;
}

/** Debian's nobody: PostgreSQL refuses to run as root. */
const unprivileged = 65_534;

/** Makes a cluster in a temporary folder and starts it, without sockets, on a free port of loopback. */
export async function startPostgres(): Promise<Postgres> {
  await ensureDebian(["postgresql"]);
  const [initdb] = globSync("/usr/lib/postgresql/*/bin/initdb").toSorted().reverse();
  if (initdb === undefined) throw new Error("Debian's postgresql is installed without initdb");
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "rollouts-postgres-")));
  const password = "planted-postgres-p@ss";
  const secret = join(dir, "password");
  writeFileSync(secret, password);
  const data = join(dir, "data");
  mkdirSync(data);
  const isRoot = userInfo().uid === 0;
  if (isRoot) for (const path of [dir, secret, data]) chownSync(path, unprivileged, unprivileged);
  const as = isRoot ? { uid: unprivileged, gid: unprivileged } : {};
  const auth = ["--username=atp", `--pwfile=${secret}`, "--auth=scram-sha-256"];
  await run(initdb, [`--pgdata=${data}`, ...auth, "--no-sync", "--encoding=UTF8"], { cwd: dir, ...as });
  const [port = 0] = await freePorts(1);
  const settings = { listen_addresses: "127.0.0.1", port, unix_socket_directories: "", fsync: "off" };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const server = join(dirname(initdb), "postgres");
  // Through setpriv where we are root: what starts programs here knows no user.
  const [command, args] = isRoot
    ? ["setpriv", [`--reuid=${unprivileged}`, `--regid=${unprivileged}`, "--clear-groups", server]]
    : [server, []];
  const child = startProcess({ name: "postgres", command, args: [...args, "-D", data, ...flags], dir });
  const isready = join(dirname(initdb), "pg_isready");
  await waitUntil({
    what: "PostgreSQL",
    timeoutMs: 30_000,
    of: child,
    ready: async () => {
      await run(isready, ["-h", "127.0.0.1", "-p", String(port)]);
      return true;
    },
  });
  return {
    url: `postgresql://atp:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`,
    password,
    stop: async () => {
      await child.stop();
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
