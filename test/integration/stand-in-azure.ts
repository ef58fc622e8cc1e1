import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { main } from "@pulumi/pulumi/provider/index.js";

/**
 * An azure-native provider whose cloud is a folder: a file for each resource with its inputs. `drift.json` says what a
 * read finds besides, by type: `{ "WebApp": { "siteConfig": { … } } }`, as after a swap. Argument: the folder. Prints
 * its port, as providers do.
 */
const [, , folder = ""] = process.argv;

type Inputs = Record<string, unknown>;

function fileOf(id: string): string {
  return join(folder, `${id.replaceAll("/", "~")}.json`);
}

/** `urn:…::azure-native:web:WebApp::atp` → `WebApp/atp`. */
function idOf(urn: string): string {
  const [, , type = "", name = ""] = urn.split("::");
  return `${type.split(":").at(-1)}/${name}`;
}

function outputs(id: string, inputs: Inputs): Inputs {
  return { ...inputs, defaultHostName: `${id.replace("/", ".")}.example` };
}

await main(
  {
    version: "3.28.0",
    check: async (_urn, _olds, news) => ({ inputs: news }),
    diff: async (_id, _urn, olds, news) => {
      const { defaultHostName: _added, ...inputs } = olds;
      return { changes: !isDeepStrictEqual(plain(inputs), plain(news)) };
    },
    create: async (urn, inputs) => {
      const id = idOf(urn);
      writeFileSync(fileOf(id), JSON.stringify(inputs));
      return { id, outs: outputs(id, inputs) };
    },
    update: async (id, _urn, _olds, news) => {
      writeFileSync(fileOf(id), JSON.stringify(news));
      return { outs: outputs(id, news) };
    },
    delete: async (id) => rmSync(fileOf(id), { force: true }),
    read: async (id) => {
      if (!existsSync(fileOf(id))) return {};
      const written: Inputs = JSON.parse(readFileSync(fileOf(id), "utf8"));
      const found = drift()[id.split("/")[0] ?? ""];
      const inputs = found === undefined ? written : merged(written, found);
      return { id, inputs, props: outputs(id, inputs) };
    },
  },
  [],
);

function drift(): Record<string, Inputs> {
  const file = join(folder, "drift.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
}

function merged(written: Inputs, found: Inputs): Inputs {
  return {
    ...written,
    ...found,
    siteConfig: { ...Object(written["siteConfig"]), ...Object(found["siteConfig"]) },
  };
}

function plain(value: object): object {
  return JSON.parse(JSON.stringify(value));
}
