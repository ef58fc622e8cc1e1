import type { JournalEntry } from "../../src/types/journal.ts";
import type { aDriver } from "./drive.ts";
import { createMemoryRecord } from "./memory-record.ts";

type Mortal = Pick<ReturnType<typeof aDriver>, "deps" | "record">;

/**
 * The driver dies right after its nth entry, or the first one that fits: nothing is written and nothing is called from
 * then on. Gives back what makes it a new process.
 */
export function diesAfter(driver: Mortal, last: number | ((entry: JournalEntry) => boolean)): () => void {
  const { deps, record } = driver;
  const { engine, lever, leverFor, flag } = deps;
  let dead = false;
  let written = 0;
  const alive = <A extends readonly unknown[], T>(call: (...args: A) => Promise<T>) => {
    return async (...args: A): Promise<T> => {
      if (dead) throw new Error("killed");
      return await call(...args);
    };
  };
  const mortal = (one: typeof lever) => ({ ...one, setExposure: alive(one.setExposure) });
  const append: typeof record.journal.append = async (draft, options) => {
    if (dead) throw new Error("killed");
    const entry = await record.journal.append(draft, options);
    const nth = written++;
    if (typeof last === "number" ? nth === last : last(entry)) dead = true;
    if (dead) throw new Error("killed");
    return entry;
  };
  Object.assign(deps, {
    engine: { ...engine, up: alive(engine.up), preview: alive(engine.preview) },
    lever: mortal(lever),
    // Of a flag alone it is the same one already.
    ...(flag === undefined || flag.lever === lever ? {} : { flag: { ...flag, lever: mortal(flag.lever) } }),
    ...(leverFor === undefined ? {} : { leverFor: (sides: object) => mortal(leverFor(sides)) }),
    record: { ...record, journal: { ...record.journal, append } },
  });
  return () => {
    record.die();
    const again = createMemoryRecord({ runtime: deps.runtime, state: record.state });
    Object.assign(deps, {
      engine,
      lever,
      record: again,
      ...(leverFor === undefined ? {} : { leverFor }),
      ...(flag === undefined ? {} : { flag }),
    });
  };
}
