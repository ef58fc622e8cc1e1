import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Approvals } from "../../ports/approval.ts";
import type { Approval, ApprovalConfig } from "../../types/approval.ts";
import { gitAuthors } from "./git-authors.ts";
import { answerOf, SourceTrouble } from "./rest.ts";

export interface SignedFilesOptions {
  /** `dir` absolute. */
  readonly config: Extract<ApprovalConfig, { kind: "signed-files" }>;
  /** A folder of the repository whose tags tell the authors. */
  readonly projectDir: string;
}

/** More than any approval has; a file beyond it is none. */
const mostBytes = 65_536;

/**
 * Approvals as files: `<name>.json` with a detached signature in `<name>.json.sig` beside it. The folder may hold old
 * ones: each names its plan. A file without a signature is listed with an empty one, and refused by that. Authors
 * come from the local git history where config gives a tag and the version in service is known, else nobody knows.
 */
export function createSignedFiles({ config, projectDir }: SignedFilesOptions): Approvals {
  const { dir, tag } = config;
  return {
    name: "signed-files",
    list: ({ version, from, signal }) =>
      answerOf(async () => {
        if (signal?.aborted) throw new SourceTrouble("the approvals can't be read: it was cancelled");
        const approvals = await Promise.all((await namesIn(dir)).map((name) => readOne(dir, name)));
        if (tag === undefined || from === undefined) return { status: "value", approvals };
        const [base, head] = [from, version].map((one) => tag.replaceAll("{version}", one));
        const authors = await gitAuthors({ dir: projectDir, base: base ?? "", head: head ?? "", signal });
        return { status: "value", approvals, authors };
      }),
  };
}

async function namesIn(dir: string): Promise<readonly string[]> {
  try {
    const names = await readdir(dir);
    return names.filter((name) => name.endsWith(".json") && !name.startsWith(".")).sort();
  } catch (error) {
    throw new SourceTrouble(`the folder of approvals can't be read: ${codeOf(error)} ${dir}`);
  }
}

async function readOne(dir: string, name: string): Promise<Approval> {
  const [text, signature] = await Promise.all([readSmall(dir, name), readSmall(dir, `${name}.sig`, true)]);
  return {
    kind: "signed",
    text: text.toString("base64"),
    signature: signature.toString("utf8"),
    where: name,
  };
}

async function readSmall(dir: string, name: string, optional = false): Promise<Buffer> {
  try {
    const bytes = await readFile(join(dir, name));
    return bytes.length > mostBytes ? Buffer.alloc(0) : bytes;
  } catch (error) {
    if (optional && codeOf(error) === "ENOENT") return Buffer.alloc(0);
    throw new SourceTrouble(`the approval ${name} can't be read: ${codeOf(error)}`);
  }
}

function codeOf(error: unknown): string {
  return String(Object(error).code ?? "unknown error");
}
