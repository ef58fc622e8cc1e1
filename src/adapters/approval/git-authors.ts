import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Identity } from "../../types/approval.ts";
import { coAuthors } from "./co-authors.ts";
import { SourceTrouble } from "./rest.ts";

const run = promisify(execFile);

export interface GitRange {
  /** A folder of the repository. */
  readonly dir: string;
  /** Tag of the version in service. */
  readonly base: string;
  readonly head: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * Authors, committers and co-authors of the commits between two tags of a local clone, by the e-mail addresses that
 * stand there: what people wrote themselves, so weaker than what a host authenticated. Throws `SourceTrouble`.
 */
export async function gitAuthors({ dir, base, head, signal }: GitRange): Promise<readonly Identity[]> {
  const range = `refs/tags/${base}..refs/tags/${head}`;
  const args = [
    "-C",
    dir,
    "log",
    "-z",
    "--no-show-signature",
    "--format=%ae%n%ce%n%B",
    "--end-of-options",
    range,
  ];
  const env = { ...process.env, LC_ALL: "C", GIT_TERMINAL_PROMPT: "0" };
  const options = { env, maxBuffer: 64 * 1024 * 1024, ...(signal ? { signal } : {}) };
  try {
    const { stdout } = await run("git", args, options);
    return stdout.split("\0").flatMap((commit) => {
      const [author, committer, ...message] = commit.split("\n");
      const mails = [author, committer].filter((mail) => mail !== undefined && mail !== "");
      return [
        ...mails.flatMap((id): readonly Identity[] => (id === undefined ? [] : [{ source: "git", id }])),
        ...coAuthors(message.join("\n")),
      ];
    });
  } catch (error) {
    throw new SourceTrouble(`the commits from ${base} to ${head} can't be read: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  const { stderr, code, name } = Object(error);
  if (name === "AbortError") return "it was cancelled";
  if (code === "ENOENT") return "git is not installed";
  return (
    String(stderr ?? "")
      .trim()
      .split("\n")[0]
      ?.replace(/^fatal: /, "") || "git failed"
  );
}
