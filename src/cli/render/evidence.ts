import type { Exported } from "../evidence/export.ts";

/** A bundle, for people: where it lies, what holds it together, and what is missing. */
export function exportLines({ path, manifest, manifestSha256, earlier }: Exported): readonly string[] {
  const { files, problems, notes } = manifest;
  const count = files.length === 1 ? "1 file" : `${files.length} files`;
  return [
    `evidence of ${manifest.to}: ${count} in ${path}`,
    `  manifest  sha256 ${manifestSha256}`,
    ...(earlier === undefined ? [] : [`  earlier   ${earlier}`]),
    ...problems.map((problem) => `  missing   ${problem}`),
    ...notes.map((note) => `  note      ${note}`),
  ];
}
