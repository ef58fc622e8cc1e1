import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { stringify } from "yaml";
import { isoToMinutes } from "./azure-alerts.ts";
import { ensureDebian } from "./debian.ts";

const run = promisify(execFile);

/** A rule of a Prometheus rule group, as azure-native takes it. */
export interface RuleArgs {
  readonly alert: string;
  readonly expression: string;
  readonly for?: string;
}

/** Series from minute 0 on, a sample each 15 s, in promtool's notation: `{ 'up{a="b"}': "0+1x20" }`. */
export type Series = Readonly<Record<string, string>>;

interface Fired {
  readonly labels: Readonly<Record<string, string>>;
}

/** Has Prometheus itself read some rules. Throws what it says of wrong ones. */
export async function checkRules(rules: readonly RuleArgs[]): Promise<void> {
  await withFolder(async (dir) => {
    writeFileSync(join(dir, "rules.yml"), stringify(fileOf(rules)));
    await promtool(["check", "rules", "rules.yml"], dir);
  });
}

/**
 * Whether a rule fires at a minute, evaluated each minute by Prometheus itself: resolves where its alerts have exactly
 * these labels, and throws what is different.
 */
export async function expectFired(
  rule: RuleArgs,
  series: Series,
  expected: { readonly minute: number; readonly alerts: readonly Fired["labels"][] },
): Promise<void> {
  const test = {
    interval: "15s",
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [
      {
        eval_time: `${expected.minute}m`,
        alertname: rule.alert,
        exp_alerts: expected.alerts.map((labels) => ({ exp_labels: labels })),
      },
    ],
  };
  await withFolder(async (dir) => {
    writeFileSync(join(dir, "rules.yml"), stringify(fileOf([rule])));
    const all = { rule_files: ["rules.yml"], evaluation_interval: "1m", tests: [test] };
    writeFileSync(join(dir, "test.yml"), stringify(all));
    await promtool(["test", "rules", "test.yml"], dir);
  });
}

function fileOf(rules: readonly RuleArgs[]) {
  const written = rules.map(({ alert, expression, for: lasts }) => ({
    alert,
    expr: expression,
    ...(lasts === undefined ? {} : { for: `${isoToMinutes(lasts)}m` }),
  }));
  return { groups: [{ name: "rules", interval: "1m", rules: written }] };
}

/** Debian's prometheus brings it. */
async function promtool(args: readonly string[], cwd: string): Promise<void> {
  const { prometheus } = await ensureDebian(["prometheus"]);
  try {
    await run(join(dirname(prometheus), "promtool"), [...args], { cwd });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`promtool ${args[0]}: ${stdout}${stderr}`, { cause: error });
  }
}

async function withFolder(work: (dir: string) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "rollouts-promtool-"));
  try {
    await work(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Has Prometheus itself read metrics in its text format, and lint them. Throws what it says of wrong ones. */
export async function checkMetrics(text: string): Promise<void> {
  const { prometheus } = await ensureDebian(["prometheus"]);
  const child = execFile(join(dirname(prometheus), "promtool"), ["check", "metrics"]);
  let said = "";
  child.stdout?.on("data", (chunk) => {
    said += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    said += chunk;
  });
  child.stdin?.end(text);
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`promtool check metrics: ${said}`);
}
