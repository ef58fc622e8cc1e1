import { randomUUID } from "node:crypto";
import { link, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type * as z from "zod";
import { parseJson } from "./record-json.ts";

/** Who made a file: the identity of its host (see `hostIdentity`) and the process there. */
export interface Owner {
  readonly host: string;
  readonly pid: number;
}

/** A generation to write. */
export interface Generation {
  readonly dir: string;
  readonly generation: number;
  readonly content: unknown;
  /** Whether it must survive a power cut whole. Without, it may come back empty. */
  readonly durable: boolean;
}

const numbered = /^(\d{10})\.json$/;

/** Name of the file of a generation: sorts like its number. */
function fileOf(dir: string, generation: number): string {
  return join(dir, `${String(generation).padStart(10, "0")}.json`);
}

/** The highest generation in a folder; 0 where there is none. */
export async function highestGeneration(dir: string): Promise<number> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names.reduce((highest, name) => Math.max(highest, Number(numbered.exec(name)?.[1] ?? 0)), 0);
}

/** A generation's content; undefined when the file is gone. Throws `record-corrupt` on anything that we didn't write. */
export async function readGeneration<T>(
  dir: string,
  generation: number,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  const path = fileOf(dir, generation);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  return text === undefined ? undefined : parseJson(text, schema, path);
}

/**
 * Creates a generation with its content in one atomic step: the text is complete on disk under a name of
 * its own, then a hard link gives it the generation's name, which fails where that exists. Of any number
 * of racers over any number of processes exactly one gets `true`.
 */
export async function createGeneration(file: Generation): Promise<boolean> {
  const { dir, generation } = file;
  await mkdir(dir, { recursive: true });
  const temporary = await writeTemporary(file);
  try {
    await link(temporary, fileOf(dir, generation));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  // Old generations are cleared away, so a late racer may "create" one that existed before: the highest wins.
  return (await highestGeneration(dir)) === generation;
}

/** Replaces the content of a generation that its owner holds; readers see the old or the new one, never a part. */
export async function replaceGeneration(file: Generation): Promise<void> {
  await rename(await writeTemporary(file), fileOf(file.dir, file.generation));
}

/** Removes generations below `generation`. The highest always stays, so numbers never come twice. */
export async function clearGenerations(dir: string, generation: number): Promise<void> {
  for (const name of await readdir(dir)) {
    const number = Number(numbered.exec(name)?.[1] ?? Number.POSITIVE_INFINITY);
    if (number < generation) await rm(join(dir, name), { force: true });
  }
}

async function writeTemporary({ dir, content, durable }: Generation): Promise<string> {
  const path = join(dir, `.${randomUUID()}.tmp`);
  const file = await open(path, "wx");
  try {
    await file.writeFile(`${JSON.stringify(content)}\n`, "utf8");
    if (durable) await file.sync();
  } finally {
    await file.close();
  }
  return path;
}
