import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { main } from "@pulumi/pulumi/provider/index.js";

/**
 * A Kubernetes provider whose cluster is a folder: each object is a file with its inputs, and the file `faults.json`
 * says what goes wrong: `{ "fail": { "<kind> <name>": "text" }, "delayMs": n }`. Arguments: the folder. Prints its
 * port, as providers do.
 */
const [, , folder = ""] = process.argv;

interface Faults {
  readonly fail?: Readonly<Record<string, string>>;
  readonly delayMs?: number;
}

function faults(): Faults {
  const file = join(folder, "faults.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
}

/** `calls.log`: one line for each call, when it begins. */
function note(call: string): void {
  appendFileSync(join(folder, "calls.log"), `${call}\n`);
}

function objectOf(inputs: {
  readonly kind?: string;
  readonly metadata?: { readonly name?: string };
}): string {
  return `${inputs.kind} ${inputs.metadata?.name}`;
}

async function write(inputs: object): Promise<string> {
  const object = objectOf(inputs);
  const { fail, delayMs } = faults();
  note(`write ${object}`);
  if (delayMs !== undefined) await new Promise((done) => setTimeout(done, delayMs));
  const text = fail?.[object];
  if (text !== undefined) throw new Error(text);
  writeFileSync(join(folder, `${object}.json`), JSON.stringify(inputs));
  return object;
}

await main(
  {
    version: "4.34.2",
    check: async (_urn, _olds, news) => ({ inputs: news }),
    diff: async (_id, _urn, olds, news) => ({ changes: !isDeepStrictEqual(strip(olds), strip(news)) }),
    create: async (_urn, inputs) => ({ id: await write(inputs), outs: inputs }),
    update: async (_id, _urn, _olds, news) => {
      await write(news);
      return { outs: news };
    },
    delete: async (id) => {
      note(`delete ${id}`);
      rmSync(join(folder, `${id}.json`), { force: true });
    },
    read: async (id) => {
      const file = join(folder, `${id}.json`);
      if (!existsSync(file)) return {};
      const inputs = JSON.parse(readFileSync(file, "utf8"));
      return { id, inputs, props: inputs };
    },
  },
  [],
);

function strip(value: object): object {
  return JSON.parse(JSON.stringify(value));
}
