import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import * as z from "zod";
import { RolloutError } from "../../errors/errors.ts";
import { jsonOf } from "../../lib/json-of.ts";
import { type BundleFile, type Manifest, manifestText, sha256Of } from "./bundle.ts";

/** Where a bundle lies. */
export interface Written {
  readonly path: string;
  /** SHA-256 of its manifest, which has those of all others: to be noted elsewhere. */
  readonly manifestSha256: string;
  /** Where the earlier bundle of the same rollout lies now: none is ever lost. */
  readonly earlier?: string;
}

const earlierManifest = z.object({
  kind: z.literal("rollouts-evidence"),
  rolloutId: z.string(),
  exportedAt: z.iso.datetime(),
});

/**
 * Whether a bundle may be written there: where nothing is, an empty folder, or an earlier bundle of the same rollout.
 *
 * @throws RolloutError `not-a-bundle` (exit 2)
 */
export async function earlierBundle(
  path: string,
  rolloutId: string,
): Promise<{ readonly exportedAt: string } | undefined> {
  const names = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    if (error.code === "ENOTDIR") return [basename(path)];
    throw error;
  });
  if (names.length === 0) return undefined;
  const text = await readFile(join(path, "manifest.json"), "utf8").catch(() => "");
  const found = earlierManifest.safeParse(jsonOf(text));
  if (found.success && found.data.rolloutId === rolloutId) return found.data;
  const what = found.success
    ? `the bundle of ${found.data.rolloutId}`
    : "something that is no evidence bundle";
  throw new RolloutError(`${path} holds ${what}: nothing is written over it.`, {
    code: "not-a-bundle",
    exit: "config",
    path: "--out",
    hint: "Write --out and a folder that is empty, or not there yet.",
  });
}

/**
 * Writes a bundle whole or not at all: into a folder beside it, which then takes its name. An earlier one of the same
 * rollout is moved aside first. Only the account can read it.
 *
 * @throws RolloutError `not-a-bundle` (exit 2); errors of the file system
 */
export async function writeBundle(
  path: string,
  manifest: Manifest,
  files: readonly BundleFile[],
): Promise<Written> {
  const parent = dirname(path);
  await mkdir(parent, { recursive: true });
  const temporary = await mkdtemp(join(parent, `.${basename(path)}-`));
  try {
    await chmod(temporary, 0o700);
    const text = manifestText(manifest);
    for (const file of [...files, { name: "manifest.json", content: text }]) await writeIn(temporary, file);
    const earlier = await movedAside(path, manifest.rolloutId);
    await rename(temporary, path);
    const manifestSha256 = sha256Of(text);
    return { path, manifestSha256, ...(earlier === undefined ? {} : { earlier }) };
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

async function writeIn(dir: string, { name, content }: BundleFile): Promise<void> {
  const file = resolve(dir, name);
  if (!file.startsWith(`${dir}${sep}`)) throw new Error(`${name} would lie outside of the bundle`);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, content, { flag: "wx", mode: 0o600, flush: true });
}

async function movedAside(path: string, rolloutId: string): Promise<string | undefined> {
  const earlier = await earlierBundle(path, rolloutId);
  if (earlier === undefined) return undefined;
  const aside = `${path}.${earlier.exportedAt.replace(/[:.]/g, "-")}`;
  await rename(path, aside);
  return aside;
}
