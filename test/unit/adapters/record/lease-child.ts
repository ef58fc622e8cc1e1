/**
 * One driver process for the fault tests: obeys commands on stdin, one a line, and answers each with a
 * line of JSON. `node lease-child.ts <dir> <holder> <termMs>`.
 */
import { createInterface } from "node:readline";
import { createFileRecord } from "../../../../src/adapters/record/file-record.ts";
import type { Clock, Runtime } from "../../../../src/lib/runtime.ts";
import { journalDraft as draft } from "../../../support/memory-record.ts";

const [dir = "", holder = "", term = ""] = process.argv.slice(2);
const wall: Clock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};
const silent = () => undefined;
const runtime: Runtime = {
  clock: wall,
  wall,
  random: Math.random,
  fetch,
  logger: { info: silent, warn: silent, debug: silent },
  signal: new AbortController().signal,
};
const { lease, journal } = createFileRecord({ dir, runtime });

const commands: Record<string, (argument: number) => Promise<unknown>> = {
  acquire: () => lease.acquire({ holder, termMs: Number(term) }),
  check: (token) => lease.check(token),
  renew: (token) => lease.renew(token),
  append: (token) => journal.append(draft(token), { sync: true }).then((entry) => entry.seq),
  /** Takes the lease, writes 3 entries, releases; again until it had it 10 times. */
  race: async () => {
    const tokens: number[] = [];
    while (tokens.length < 10) {
      const answer = await lease.acquire({ holder, termMs: Number(term) });
      if (!answer.granted) {
        await wall.sleep(1);
        continue;
      }
      tokens.push(answer.token);
      for (let entry = 0; entry < 3; entry++) await journal.append(draft(answer.token));
      await lease.release(answer.token);
    }
    return tokens;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [verb = "", argument] = line.split(" ");
  const result = await commands[verb]?.(Number(argument)).then(
    (value) => ({ value }),
    (error: { code?: string }) => ({ error: error.code ?? String(error) }),
  );
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
