import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { parse } from "yaml";
import { judge } from "../../../src/analysis/judge.ts";
import { parseArgs } from "../../../src/cli/args.ts";
import { parseBins } from "../../../src/cli/bins.ts";
import { judgeCommand } from "../../../src/cli/commands/judge.ts";
import type { Decision } from "../../../src/cli/decision.ts";
import { askedOf } from "../../../src/cli/judge-options.ts";
import { type Replay, replay, replayDefaults, replayGates } from "../../../src/cli/replay.ts";
import { poisson, seeded } from "../../../tools/judge/random.ts";
import { answer, healthy } from "../../support/builders.ts";
import { cli } from "./harness.ts";

let dir = "";
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "rollouts-judge-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

interface Counts {
  readonly n: number;
  readonly errors?: number;
  readonly slow500?: number;
  readonly slow1000?: number;
}
type Pair = readonly [canary: Counts, stable: Counts];

/** Lines of bins numbered from 0, or of the times that are given. */
function lines(pairs: readonly Pair[], at: (index: number) => string | number = (index) => index): string {
  const full = (counts: Counts) => ({ errors: 0, ...counts });
  return pairs
    .map(([canary, stable], index) =>
      JSON.stringify({ t: at(index), canary: full(canary), stable: full(stable) }),
    )
    .join("\n");
}
const times = (count: number, pair: Pair): Pair[] => Array.from({ length: count }, () => pair);
const none = { slow500: 0, slow1000: 0 };
/** Of 100 requests a second 5 % on the canary; one error of stable a bin. */
const well: Pair = [
  { n: 50, ...none },
  { n: 950, errors: 1, ...none },
];

async function judgeBins(text: string, options: readonly string[] = []) {
  const file = join(dir, "bins.jsonl");
  writeFileSync(file, text);
  const run = await cli(["judge", "--bins", file, "--json", ...options]);
  return { ...run, data: run.json["data"] as Replay };
}

describe("judge --bins: the evidence", () => {
  // gates.md 2.4, the reference vectors: errors alone.
  const vectors: readonly { pairs: readonly Pair[]; odds: readonly (readonly number[])[] }[] = [
    {
      pairs: times(3, [{ n: 50 }, { n: 950, errors: 1 }]),
      odds: [
        [0.5934, 0.7801, 0.7054],
        [0.5293, 0.6962, 0.6295],
        [0.4967, 0.645, 0.5857],
      ],
    },
    {
      pairs: times(4, [
        { n: 50, errors: 1 },
        { n: 950, errors: 1 },
      ]),
      odds: [
        [0.7346, 1.8479, 1.4026],
        [0.7183, 4.174, 2.7917],
        [0.7229, 10.837, 6.7913],
        [0.7368, 30.5244, 18.6093],
      ],
    },
    {
      pairs: times(3, [{ n: 1, errors: 1 }, { n: 9 }]),
      odds: [
        [7.6541, 2.6979, 4.6804],
        [176.4051, 11.1362, 77.2438],
        [5374.49, 56.5203, 2183.71],
      ],
    },
    { pairs: [[{ n: 0 }, { n: 950, errors: 1 }]], odds: [[1, 1, 1]] },
  ];
  it.each(vectors)(
    "is that of the specification, also past its threshold: $odds",
    async ({ pairs, odds }) => {
      const { data } = await judgeBins(lines(pairs));
      expect(data.bins).toHaveLength(odds.length);
      for (const [index, [eAbs = 0, eRel = 0, e = 0]] of odds.entries()) {
        const bin = data.bins[index];
        for (const [seen, wanted] of [
          [bin?.eAbs, eAbs],
          [bin?.eRel, eRel],
          [bin?.e, e],
        ] as const)
          expect((seen ?? Number.NaN) / wanted).toBeCloseTo(1, 3);
      }
    },
  );

  it("--tolerance, --noise and --odds change it as they say", async () => {
    const text = lines(
      times(20, [
        { n: 50, errors: 1, ...none },
        { n: 950, errors: 5, ...none },
      ]),
    );
    const usual = await judgeBins(text, ["--limit", "5%"]);
    const tolerant = await judgeBins(text, ["--limit", "5%", "--tolerance", "10"]);
    const noisy = await judgeBins(text, ["--limit", "5%", "--noise", "3"]);
    const most = Math.max(...usual.data.bins.map(({ e }) => e));
    const eager = await judgeBins(text, ["--limit", "5%", "--odds", `${(most / 2).toFixed(2)}`]);
    const eRel = ({ data }: typeof usual) => data.bins.at(-1)?.eRel ?? Number.NaN;
    expect(eRel(tolerant)).toBeLessThan(eRel(usual));
    expect(Math.abs(eRel(noisy) - 1)).toBeLessThan(Math.abs(eRel(usual) - 1));
    expect(usual.data.decision.kind).not.toBe("revert");
    expect(eager.data.decision).toMatchObject({ kind: "revert", gate: "evidence" });
  });
});

describe("judge --bins: the decision", () => {
  it("promotes at the end where everything is proved: exit 0", async () => {
    const { code, json, data } = await judgeBins(lines(times(90, well)));
    expect(code).toBe(0);
    expect(json["ok"]).toBe(true);
    expect(data.decision).toEqual({
      kind: "promote",
      at: 89,
      gate: "evidence",
      message: expect.stringContaining("canary 0 of 4,500 failed: at most 0.07 % with 95 % confidence"),
    });
  });

  it("reverts on evidence, long before the hard limit's two minutes: exit 20", async () => {
    const bad: Pair = [{ n: 50, errors: 5, ...none }, well[1]];
    const { code, json, data } = await judgeBins(lines([...times(30, well), ...times(30, bad)]));
    expect(code).toBe(20);
    expect(data.decision).toMatchObject({ kind: "revert", gate: "evidence", cause: "canary" });
    expect(data.decision.at).toBeGreaterThanOrEqual(30);
    expect(data.decision.at).toBeLessThan(36);
    expect(json["error"]).toMatchObject({ code: "breached", message: data.decision.message });
    expect(data.bins).toHaveLength(60);
  });

  it("reverts on a hard limit that stable breaches too, and says so", async () => {
    const ill: Pair = [
      { n: 500, errors: 8, ...none },
      { n: 9500, errors: 150, ...none },
    ];
    const { code, data } = await judgeBins(lines(times(60, ill)), ["--odds", "1000000"]);
    expect(code).toBe(20);
    expect(data.decision).toMatchObject({ kind: "revert", at: 11, gate: "error-rate", cause: "environment" });
  });

  it("--limit moves the hard limit: exactly on it is within", async () => {
    const text = lines(
      times(60, [
        { n: 500, errors: 10, ...none },
        { n: 500, errors: 10, ...none },
      ]),
    );
    const exact = await judgeBins(text, ["--limit", "2%"]);
    expect(exact.data.decision).toMatchObject({ kind: "hold", gate: "evidence" });
    const under = await judgeBins(text, ["--limit", "1.9%"]);
    expect(under.data.decision).toMatchObject({ kind: "revert", gate: "error-rate" });
  });

  it("reverts where slow requests alone are too many", async () => {
    const slow: Pair = [
      { n: 500, slow500: 100, slow1000: 60 },
      { n: 500, slow500: 10, slow1000: 1 },
    ];
    const { data } = await judgeBins(lines(times(60, slow)));
    expect(data.decision).toMatchObject({ kind: "revert", gate: "evidence", cause: "canary" });
    expect(data.decision.message).toContain("slower than");
  });

  const unproved: readonly { why: string; text: string; gate: string; message: string }[] = [
    {
      why: "too few requests",
      text: lines(
        times(90, [
          { n: 1, ...none },
          { n: 19, ...none },
        ]),
      ),
      gate: "error-rate",
      message: "canary has 90 requests so far",
    },
    {
      why: "latency that nobody counted",
      text: lines(times(90, [{ n: 50 }, { n: 950, errors: 1 }])),
      gate: "p95-latency",
      message: "no count of requests slower than 1000 ms",
    },
    {
      why: "a canary that was not heard of",
      text: Array.from({ length: 90 }, (_, t) =>
        JSON.stringify({ t, stable: { n: 950, errors: 1, ...none } }),
      ).join("\n"),
      gate: "error-rate",
      message: "canary has 0 requests so far",
    },
    {
      why: "300 requests of which one failed",
      text: lines([
        ...times(29, [
          { n: 10, ...none },
          { n: 90, ...none },
        ]),
        [
          { n: 10, errors: 1, ...none },
          { n: 90, ...none },
        ],
      ]),
      gate: "evidence",
      message: "proof needs less than 1 % failed",
    },
  ];
  it.each(unproved)("holds on $why: exit 22", async ({ text, gate, message }) => {
    const { code, json, data } = await judgeBins(text);
    expect(code).toBe(22);
    expect(data.decision).toMatchObject({ kind: "hold", gate, message: expect.stringContaining(message) });
    expect(json).toMatchObject({ ok: false, error: { code: "not-proved" } });
  });

  // The replay spares itself most of the reckoning: nothing of it may show. Busy and quiet, evidence and limits alone.
  const reverted = new Set<string>();
  const runs = [20, 1e12].flatMap((odds) =>
    [4, 40, 400].flatMap((mean) =>
      [
        { share: 0.002, late: 0.03 },
        { share: 0.002, late: 0.25 },
        { share: 0.012, late: 0.03 },
        { share: 0.03, late: 0.03 },
      ].map((bad, index) => ({ odds, mean, ...bad, seed: index + mean })),
    ),
  );
  it.each(runs)(
    "is the one that judge() gives, look by look: $odds:1, $mean a bin, $share failed, $late late",
    ({ odds: limit, mean: each, share, late, seed }) => {
      const random = seeded(seed);
      const options = { ...replayDefaults, odds: limit };
      const draw = (mean: number, bad: number) => {
        const [good, slow, errors] = [
          poisson(mean * (1 - late)),
          poisson(mean * late),
          poisson(mean * bad),
        ].map((one) => one(random)) as [number, number, number];
        return { n: good + slow + errors, errors, slow500: slow, slow1000: Math.floor(slow / 3) };
      };
      const pairs = Array.from({ length: 120 }, (): Pair => [draw(each, share), draw(4 * each, 0.002)]);
      const recording = parseBins(lines(pairs));
      const found = replay(recording, options);
      let first: Decision | undefined;
      for (const [index, { t, startMs }] of recording.bins.entries()) {
        const seen = recording.bins.slice(0, index + 1);
        const nowMs = startMs + 10_000;
        const readings = judge({
          gates: replayGates(options),
          metrics: answer(
            seen.flatMap(({ canary }) => canary ?? []),
            seen.flatMap(({ stable }) => stable ?? []),
            nowMs,
          ),
          health: healthy,
          exposedSinceMs: 0,
          confirmedAtMs: 0,
          nowMs,
        });
        const odds = readings.find(({ gate }) => gate === "evidence")?.value ?? Number.NaN;
        // A reading has two decimals.
        expect(Math.abs((found.bins[index]?.e ?? Number.NaN) - odds)).toBeLessThanOrEqual(
          0.01 + odds * 1e-12,
        );
        const failed = readings.find(({ verdict }) => verdict === "fail");
        if (failed !== undefined)
          first ??= {
            kind: "revert",
            at: t,
            gate: failed.gate,
            cause: failed.cause ?? "canary",
            message: failed.message,
          };
      }
      reverted.add(first?.gate ?? "none");
      if (first === undefined) expect(found.decision.kind).not.toBe("revert");
      else expect(found.decision).toEqual(first);
    },
  );

  it("and was tried with every end", () => {
    expect(reverted).toEqual(new Set(["none", "evidence", "error-rate", "p95-latency"]));
  });
});

describe("judge --bins: what it reads", () => {
  it("times, wherever they begin: a bin is as long as the shortest step", async () => {
    const start = Date.parse("2026-01-15T10:00:03Z");
    const numbered = await judgeBins(lines(times(60, well)));
    for (const at of [
      (index: number) => start + index * 10_000,
      (index: number) => new Date(start + index * 10_000).toISOString(),
    ]) {
      const { data } = await judgeBins(lines(times(60, well), at));
      expect(data.bins.map(({ e }) => e)).toEqual(numbered.data.bins.map(({ e }) => e));
      expect(data.decision).toEqual({ ...numbered.data.decision, at: at(59) });
    }
    const fiveMinutes = await judgeBins(lines(times(12, well), (index) => start + index * 300_000));
    expect(fiveMinutes.data).toMatchObject({ binMs: 300_000 });
  });

  it("a bin that is left out is silence", async () => {
    const gap = lines(times(60, well), (index) => (index < 30 ? index : index + 60));
    const { data } = await judgeBins(gap);
    expect(data.decision).toMatchObject({ kind: "promote", at: 119 });
  });

  it("standard input", async () => {
    const stdin = vi.spyOn(process, "stdin", "get");
    stdin.mockReturnValue(Readable.from([lines(times(90, well))]) as unknown as typeof process.stdin);
    const { code, json } = await cli(["judge", "--bins", "-", "--json"]);
    stdin.mockRestore();
    expect(code).toBe(0);
    expect((json["data"] as Replay).bins).toHaveLength(90);
  });

  const side = { n: 10, errors: 0 };
  const wrong: readonly { why: string; rows: readonly unknown[]; paths: readonly string[] }[] = [
    {
      why: "each field of each line",
      rows: [
        { t: 0, canary: { n: 1.5, errors: -1 }, stable: side },
        "no object",
        { t: 1, canary: { n: 10, errors: 11 }, stable: side },
        { t: "yesterday", canary: { n: 10, errors: 0, slow1000: 3, slow500: 2 } },
        { t: 3 },
        { t: 4, canary: side, stabel: side },
      ],
      paths: [
        "line 1: canary.n",
        "line 1: canary.errors",
        "line 2",
        "line 3: canary.errors",
        "line 4: t",
        "line 4: canary.slow1000",
        "line 5",
        "line 6",
      ],
    },
    {
      why: "lines that aren't sorted, and bins twice",
      rows: [2, 1, 1].map((t) => ({ t, canary: side })),
      paths: ["line 2: t", "line 3: t"],
    },
    {
      why: "times between bins",
      rows: [0, 10_000, 25_000].map((ms) => ({ t: 1.7e12 + ms, canary: side })),
      paths: ["line 3: t"],
    },
    {
      why: "times and numbers",
      rows: [
        { t: 0, canary: side },
        { t: 1.7e12, canary: side },
      ],
      paths: ["line 2: t"],
    },
    {
      why: "ms since the start, which would read as hours of silence",
      rows: [0, 10_000].map((t) => ({ t, canary: side })),
      paths: ["line 2: t"],
    },
    {
      why: "a threshold that some bins count",
      rows: [
        { t: 0, canary: { ...side, slow1000: 1 }, stable: side },
        { t: 1, canary: { ...side, slow1000: 1 } },
      ],
      paths: ["line 1: stable.slow1000"],
    },
    { why: "nothing", rows: [], paths: ["line 1"] },
  ];
  it.each(wrong)("refuses $why: exit 2", async ({ rows, paths }) => {
    const text = rows.map((one) => (typeof one === "string" ? one : JSON.stringify(one))).join("\n");
    const { code, json } = await judgeBins(text);
    expect(code).toBe(2);
    expect(json).toMatchObject({ ok: false, error: { code: "bins-invalid" } });
    const { issues } = json["error"] as { issues: { path: string }[] };
    expect(issues.map(({ path }) => path)).toEqual(paths);
  });

  it("names the line of a file with empty lines in it", async () => {
    const { json } = await judgeBins(`\n${lines([well])}\n\n{}\n`);
    expect(json["error"]).toMatchObject({ path: expect.stringMatching(/^line 4/) });
  });

  it("a file that isn't there: exit 2", async () => {
    const { code, json } = await cli(["judge", "--bins", join(dir, "absent"), "--json"]);
    expect(code).toBe(2);
    expect(json).toMatchObject({ error: { code: "bins-unreadable", path: "--bins" } });
  });
});

describe("judge: its options", () => {
  const refused: readonly { argv: readonly string[]; paths: readonly string[] }[] = [
    { argv: [], paths: ["--bins"] },
    { argv: ["--bins", "x", "--live"], paths: ["--live"] },
    { argv: ["--live"], paths: ["--stack"] },
    { argv: ["--live", "--stack", "prod", "--odds", "20"], paths: ["--odds"] },
    {
      argv: ["--live", "--stack", "prod", "--duration", "15", "--interval", "0s"],
      paths: ["--duration", "--interval"],
    },
    { argv: ["--bins", "x", "--duration", "15m"], paths: ["--duration"] },
    {
      argv: ["--bins", "x", "--tolerance", "0.9", "--odds", "1", "--noise", "-1", "--limit", "1"],
      paths: ["--limit", "--noise", "--odds", "--tolerance"],
    },
    { argv: ["--bins", "x", "--limit", "0%"], paths: ["--limit"] },
    { argv: ["--bins", "x", "--limit", "100%"], paths: ["--limit"] },
  ];
  it.each(refused)("$argv: exit 2, before anything is read", async ({ argv, paths }) => {
    const { code, json } = await cli(["judge", ...argv, "--json"]);
    expect(code).toBe(2);
    const error = json["error"] as { code: string; issues: { path: string }[] };
    expect(error.code).toBe("usage");
    expect(error.issues.map(({ path }) => path).sort()).toEqual(paths);
  });
});

describe("judge --bins for people", () => {
  it("a line a minute up to the bin that decides, and the decision with its sentence", async () => {
    const file = join(dir, "people.jsonl");
    const bad: Pair = [{ n: 50, errors: 5, ...none }, well[1]];
    const start = Date.parse("2026-01-15T10:00:00Z");
    writeFileSync(
      file,
      lines([...times(12, well), ...times(30, bad)], (index) =>
        new Date(start + index * 10_000).toISOString(),
      ),
    );
    const { code, stdout } = await cli(["judge", "--bins", file]);
    expect(code).toBe(20);
    expect(stdout).toMatchInlineSnapshot(`
      "  bin                   canary failed        stable failed        evidence
        2026-01-15T10:00:00Z  0 of 300 (0.00 %)    6 of 5,700 (0.11 %)  0.7:1
        2026-01-15T10:01:00Z  0 of 300 (0.00 %)    6 of 5,700 (0.11 %)  0.7:1
        2026-01-15T10:02:00Z  10 of 100 (10.00 %)  2 of 1,900 (0.11 %)  135,106:1

      revert at 2026-01-15T10:02:10Z (evidence): canary 10 of 700 failed (1.43 %), stable 0.11 %: 13.6 times worse; evidence 135,106:1, reverts at 20:1
      "
    `);
  });
});

describe("docs/judge.md, in a pipeline", () => {
  const page = readFileSync(new URL("../../../docs/judge.md", import.meta.url), "utf8");
  const snippets = [
    ...page.matchAll(/^```yaml\n(# (?:GitHub Actions|Azure Pipelines)\n[\s\S]*?)\n```$/gm),
  ].map(([, text = ""]) => text);

  it("has one for GitHub Actions and one for Azure Pipelines, and both watch as the guide's script did", () => {
    expect(snippets.map((text) => text.split("\n")[0])).toEqual(["# GitHub Actions", "# Azure Pipelines"]);
    for (const text of snippets) {
      const steps = parse(text) as { run?: string; script?: string }[];
      const commands = steps.flatMap(({ run, script }) => run ?? script ?? []);
      const line = commands.find((one) => one.includes("rollouts judge")) ?? "";
      const argv = /rollouts judge (.*?)(?: \|\| .*)?$/m.exec(line)?.[1]?.trim().split(/\s+/) ?? [];
      const { options } = parseArgs(judgeCommand, argv);
      const context = { options, stack: String(options["stack"]) } as Parameters<typeof askedOf>[0];
      expect(askedOf(context)).toEqual({
        mode: "live",
        stack: "prod",
        durationMs: 900_000,
        intervalMs: 120_000,
      });
    }
  });

  it("takes the canary back on exit 20 alone, in a step of its own that runs after a failure", () => {
    for (const text of snippets) {
      expect(text).toMatch(/20/);
      expect(text).toMatch(/pulumi config set step revert/);
      expect(text).not.toMatch(/continue-on-error|continueOnError/);
    }
  });
});
