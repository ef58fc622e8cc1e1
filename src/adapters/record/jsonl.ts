import { mkdir, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import type * as z from "zod";
import { RolloutError } from "../../errors/errors.ts";
import { parseJson } from "./record-json.ts";

const newline = 0x0a;
const chunkBytes = 64 * 1024;

/**
 * All values of a file of JSON lines; none where it doesn't exist. Bytes after the last newline are a line
 * that a crash tore: left out, even where they happen to parse, because its writer was never told that
 * it stands. Any other line that doesn't fit the schema throws `record-corrupt` with its number.
 */
export async function readLines<T>(path: string, schema: z.ZodType<T>): Promise<readonly T[]> {
  const text = (await readBytes(path)).toString("utf8");
  const lines = text.split("\n").slice(0, -1);
  return lines.map((line, index) => parseJson(line, schema, `${path}:${index + 1}`));
}

/** A file as it is; empty where it doesn't exist. */
export async function readBytes(path: string): Promise<Buffer> {
  return await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return Buffer.alloc(0);
    throw error;
  });
}

/** What a new line comes behind. */
export interface Tail {
  /** The last complete line; undefined: there is none. */
  readonly last: string | undefined;
  /** What a crash has left behind it; cut before the new line is written. */
  readonly torn: Uint8Array | undefined;
  /** Everything up to the new line, without what is torn. Reads the whole file. */
  readonly before: () => Promise<Uint8Array>;
}

/**
 * Appends one line built from what stands there, after cutting a torn tail. Not safe by itself against other
 * writers: call it under the store's lock. With `sync` it is on disk before this resolves. A write that failed
 * halfway (a full disk) is taken back.
 */
export async function appendLine(
  path: string,
  build: (tail: Tail) => string | Promise<string>,
  options: { readonly sync: boolean },
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "a+");
  try {
    const { size } = await file.stat();
    const tail = await readTail(file, size);
    const before = () => readStart(file, tail.end);
    const bytes = Buffer.from(`${await build({ ...tail, before })}\n`, "utf8");
    if (tail.end < size) await file.truncate(tail.end);
    try {
      await file.writeFile(bytes);
      if (options.sync) await file.datasync();
    } catch (cause) {
      await file.truncate(tail.end).catch(() => undefined);
      throw new RolloutError(`The record could not be written to ${path}: ${(cause as Error).message}.`, {
        code: "record-write",
        exit: "error",
        hint: "Make room on the disk, or mend the folder's permissions; nothing was kept of the line.",
        cause,
      });
    }
    // A file's first line is only safe once its folder knows the file.
    if (options.sync && size === 0) await syncFolder(dirname(path));
  } finally {
    await file.close();
  }
}

type Handle = Awaited<ReturnType<typeof open>>;

/** The last complete line, the offset behind its newline, and what is torn there; read from the end in chunks. */
async function readTail(
  file: Handle,
  size: number,
): Promise<Omit<Tail, "before"> & { readonly end: number }> {
  let bytes = Buffer.alloc(0);
  let start = size;
  for (;;) {
    const end = bytes.lastIndexOf(newline);
    const before = end > 0 ? bytes.lastIndexOf(newline, end - 1) : -1;
    if (start === 0 || (end >= 0 && before >= 0)) {
      const last = end < 0 ? undefined : bytes.subarray(before + 1, end).toString("utf8");
      const torn = bytes.subarray(end + 1);
      return { end: start + end + 1, last, torn: torn.length === 0 ? undefined : torn };
    }
    const length = Math.min(chunkBytes, start);
    start -= length;
    const chunk = Buffer.alloc(length);
    await file.read(chunk, 0, length, start);
    bytes = Buffer.concat([chunk, bytes]);
  }
}

async function readStart(file: Handle, end: number): Promise<Uint8Array> {
  const bytes = Buffer.alloc(end);
  let read = 0;
  while (read < end) {
    const { bytesRead } = await file.read(bytes, read, end - read, read);
    if (bytesRead === 0) break;
    read += bytesRead;
  }
  return bytes.subarray(0, read);
}

async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, "r").catch(() => undefined); // Windows opens no folders.
  try {
    await handle?.sync().catch(() => undefined);
  } finally {
    await handle?.close();
  }
}
