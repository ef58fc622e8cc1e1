import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { verbs } from "../../../src/cli/table.ts";
import { states } from "../../../src/decide/states.ts";
import { exitCodes } from "../../../src/errors/errors.ts";

const root = resolve(import.meta.dirname, "../../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const pages = ["README.md", "CHANGELOG.md", ...globSync("docs/**/*.md", { cwd: root })];

/** Rows of the tables of a page, cells trimmed; without heads. */
function rows(path: string): readonly (readonly string[])[] {
  const lines = read(path).split("\n");
  return lines.flatMap((line, index) => {
    const head = /^\| ?-/.test(lines[index + 1] ?? "") || /^\| ?-/.test(line);
    if (!line.startsWith("|") || head) return [];
    return [
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    ];
  });
}

describe("docs that follow the source", () => {
  it("states.md: every state with its meaning and way back, in order", () => {
    const source = Object.entries(states).map(([name, { meaning, wayBack }]) => [name, meaning, wayBack]);
    expect(rows("docs/states.md").filter((row) => row.length === 3)).toEqual(source);
    const waysBack = rows("docs/states.md")
      .filter((row) => row.length === 2)
      .map(([name]) => name);
    expect(new Set(waysBack)).toEqual(new Set(Object.values(states).map(({ wayBack }) => wayBack)));
  });

  it("exit-codes.md: every code with its name, once", () => {
    const documented = rows("docs/exit-codes.md").map(([code, name]) => [name, Number(code)]);
    const source = Object.entries(exitCodes).sort(([, a], [, b]) => a - b);
    expect(documented).toEqual(source);
  });

  it("reasons.md: every reason that decide, analysis and driver give, and no other", () => {
    const files = globSync("src/{decide,analysis,driver}/**/*.ts", { cwd: root });
    const found = files.flatMap((file) =>
      [...read(file).matchAll(/"((?:[A-Z][a-z]+)+)"/g)].map(([, name]) => name),
    );
    const documented = rows("docs/reasons.md").map(([name]) => name);
    expect(found.length).toBeGreaterThan(40);
    expect(documented).toEqual([...new Set(documented)]);
    expect([...documented].sort()).toEqual([...new Set(found)].sort());
  });

  it("journal.md: every kind of entry", () => {
    const union = /JournalKind = ([^;]+);/.exec(read("src/types/journal.ts"))?.[1] ?? "";
    const kinds = [...union.matchAll(/"(\w+)"/g)].map(([, kind]) => `\`${kind}\``);
    const documented = rows("docs/journal.md")
      .filter((row) => row.length === 3)
      .map(([kind]) => kind);
    expect(documented).toEqual(kinds);
  });

  it("every `rollouts <verb>` in a page exists, with its options", async () => {
    const wrong: string[] = [];
    for (const page of pages) {
      for (const [line, verb = ""] of read(page).matchAll(/rollouts ([a-z]+)[^`\n]*/g)) {
        const command = await (Object.hasOwn(verbs, verb) ? verbs[verb]?.() : undefined);
        // Prose such as "rollouts of the stack" has no option; a command line names a verb.
        if (command === undefined) {
          if (/ --/.test(line)) wrong.push(`${page}: ${line}`);
          continue;
        }
        const known = [
          ...command.options.map(({ flags }) => flags),
          "--stack",
          "--json",
          "--project",
          "--no-color",
          "--help",
        ];
        for (const [option] of line.replace(/#.*/, "").matchAll(/--[a-z-]+/g)) {
          if (!known.some((flags) => flags.split(/[ ,]/).includes(option))) wrong.push(`${page}: ${line}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe("every page", () => {
  it.each(pages)("%s: its links lead to files that exist", (page) => {
    const links = [...read(page).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].flatMap(([, link]) => link ?? []);
    const local = links.filter((link) => !/^https?:/.test(link));
    expect(local.filter((link) => !existsSync(resolve(root, dirname(page), link)))).toEqual([]);
  });

  it("README.md fits on a screen, says both commands, and leads to every page of docs", () => {
    const text = read("README.md");
    expect(text.split("\n").length).toBeLessThan(75);
    expect(text).toContain("npm run demo");
    expect(text).toContain("npm test");
    const linked = readdirSync(join(root, "docs")).filter(
      (name) => name.endsWith(".md") && !text.includes(`docs/${name}`),
    );
    expect(linked).toEqual([]);
  });
});

describe("decisions", () => {
  it("there is one for every dependency", () => {
    const { dependencies, devDependencies, peerDependencies } = JSON.parse(read("package.json"));
    const names = Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies });
    const texts = globSync("docs/decisions/*.md", { cwd: root }).map((file) => read(file).toLowerCase());
    const word = (name: string) => (name === "@biomejs/biome" ? "biome" : name);
    const silent = names.filter(
      (name) =>
        !name.startsWith("@types/") && !texts.some((text) => text.split("\n")[0]?.includes(word(name))),
    );
    expect(silent).toEqual([]);
  });
});
