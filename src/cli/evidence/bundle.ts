import { createHash } from "node:crypto";
import type { Concern } from "../../types/concern.ts";

/** One file of a bundle: a relative path with slashes. */
export interface BundleFile {
  readonly name: string;
  readonly content: string | Uint8Array;
}

/** `manifest.json`: what lies in a bundle, and what does not. */
export interface Manifest {
  readonly schemaVersion: 1;
  readonly kind: "rollouts-evidence";
  readonly rolloutId: string;
  readonly stack: string;
  readonly service: string;
  readonly from: string;
  readonly to: string;
  readonly concern?: Concern;
  /** Wall time, ISO 8601, and who has asked for it. */
  readonly exportedAt: string;
  readonly exportedBy: string;
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
  /** What could not be read: the bundle is incomplete where there is any. */
  readonly problems: readonly string[];
  /** What there is nothing of, and what was left out on purpose. */
  readonly notes: readonly string[];
}

/** The manifest of these files, sorted by name. Pure. */
export function manifestOf(
  about: Omit<Manifest, "schemaVersion" | "kind" | "files">,
  files: readonly BundleFile[],
): Manifest {
  const { problems, notes, ...whose } = about;
  const listed = files.map(({ name, content }) => {
    const bytes = Buffer.from(content);
    return { name, bytes: bytes.length, sha256: sha256Of(bytes) };
  });
  return {
    schemaVersion: 1,
    kind: "rollouts-evidence",
    ...whose,
    files: listed.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    problems,
    notes,
  };
}

/** A manifest as its file has it. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

export function sha256Of(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
