import type pg from "pg";

/** What the versions of the application do with an order's total; amounts in cents. */
interface Version {
  readonly read: string;
  readonly write: string;
}

const upsert = (columns: string, values: string, set: string) =>
  `INSERT INTO orders (id, written_by, ${columns}) VALUES ($1, $3, ${values})
   ON CONFLICT (id) DO UPDATE SET written_by = excluded.written_by, ${set}`;
const both = upsert(
  "total, total_cents",
  "$2::bigint / 100.0, $2::bigint",
  "total = excluded.total, total_cents = excluded.total_cents",
);
const fromOld = "SELECT (total * 100)::int AS cents FROM orders WHERE id = $1";
const fromNew = "SELECT total_cents::int AS cents FROM orders WHERE id = $1";
const versions: Readonly<Record<string, Version>> = {
  "1.0.0": { read: fromOld, write: upsert("total", "$2::bigint / 100.0", "total = excluded.total") },
  "2.0.0": { read: fromOld, write: both },
  "3.0.0": { read: fromNew, write: both },
  "4.0.0": {
    read: fromNew,
    write: upsert("total_cents", "$2::bigint", "total_cents = excluded.total_cents"),
  },
};

interface Replica {
  version: string;
  readonly inFlight: Set<Promise<unknown>>;
}

/** Two replicas of a small application, under a constant load of half reads, half writes. */
export interface OrdersApp {
  /** Replica after replica, each once its requests are answered: meanwhile both versions serve. */
  deploy(version: string): Promise<void>;
  /** Resolves once so many more requests were answered. */
  served(count: number): Promise<void>;
  /** Every failed request, and every answer that isn't what was written last. */
  readonly errors: readonly string[];
  /** What each order that was written amounts to, cents. */
  readonly written: ReadonlyMap<number, number>;
  /** Ends the load; answers its rate, requests a second. */
  stop(): Promise<number>;
}

/** Orders 1 to `orders` are in the table, each amounting to its id in cents. */
export function startOrdersApp(options: {
  readonly pool: pg.Pool;
  readonly orders: number;
  readonly perSecond: number;
}): OrdersApp {
  const { pool, orders, perSecond } = options;
  const replicas: readonly Replica[] = [0, 1].map(() => ({ version: "1.0.0", inFlight: new Set() }));
  const written = new Map<number, number>();
  const busy = new Set<number>();
  const errors: string[] = [];
  let waiting: { at: number; resolve: () => void }[] = [];
  let sent = 0;
  let answered = 0;
  let lastWritten = 1;

  const request = async (id: number, number: number, version: string) => {
    const { read, write } = versions[version] ?? { read: "", write: "" };
    try {
      if (number % 2 === 0) {
        const cents = number + 1_000_000;
        await pool.query(write, [id, cents, version]);
        written.set(id, cents);
        lastWritten = id;
      } else {
        const { rows } = await pool.query(read, [id]);
        const expected = written.get(id) ?? id;
        if (rows[0]?.cents !== expected)
          errors.push(`${version} reads ${rows[0]?.cents} for ${id}, where ${expected} belongs`);
      }
    } catch (error) {
      errors.push(`${version}: ${error}`);
    }
    busy.delete(id);
    answered += 1;
    for (const { resolve } of waiting.filter(({ at }) => at <= answered)) resolve();
    waiting = waiting.filter(({ at }) => at > answered);
  };
  const send = () => {
    const number = sent;
    sent += 1;
    // Half of them of 200 orders that come again and again, half all over the table; every second read is of what was
    // written last, and one of ten writes is a new order.
    const among = number % 8 < 4 ? 200 : orders;
    let id = number % 4 === 3 ? lastWritten : 1 + ((number * 7919) % among);
    if (number % 20 === 0) id = orders + 1 + number;
    while (busy.has(id)) id = 1 + (id % orders);
    busy.add(id);
    const replica = replicas[(number >> 1) % 2];
    if (replica === undefined) return;
    const work: Promise<unknown> = request(id, number, replica.version).finally(() =>
      replica.inFlight.delete(work),
    );
    replica.inFlight.add(work);
  };
  const start = performance.now();
  // Sent when they are due, whatever was answered: a table that is locked for long has a queue, not a pause.
  const timer = setInterval(() => {
    const due = ((performance.now() - start) / 1000) * perSecond;
    while (sent < due) send();
  }, 2);
  return {
    errors,
    written,
    deploy: async (version) => {
      if (versions[version] === undefined) throw new Error(`there is no version ${version}`);
      for (const replica of replicas) {
        const before = [...replica.inFlight];
        replica.version = version;
        await Promise.all(before);
      }
    },
    served: (count) => new Promise((resolve) => waiting.push({ at: answered + count, resolve })),
    stop: async () => {
      clearInterval(timer);
      const seconds = (performance.now() - start) / 1000;
      await Promise.all(replicas.flatMap(({ inFlight }) => [...inFlight]));
      return answered / seconds;
    },
  };
}
