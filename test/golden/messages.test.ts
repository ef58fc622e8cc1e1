import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { cardMessage } from "../../src/lib/message/card.ts";
import { messageMarkdown } from "../../src/lib/message/markdown.ts";
import { slackMessage } from "../../src/lib/message/slack.ts";
import { messageText } from "../../src/lib/message/text.ts";
import type { SeenCounts } from "../../src/types/counts.ts";
import type { JournalEntry } from "../../src/types/journal.ts";
import type { RolloutMessage } from "../../src/types/message.ts";
import { aDriver } from "../support/drive.ts";

const goldens = join(import.meta.dirname, "messages");

const policy = {
  communication: {
    onCall: { primary: "@alice", secondary: "@bob" },
    zone: "America/New_York",
    dashboards: [{ name: "Application Insights", url: "https://portal.example/atp-prod" }],
    rca: "the next working day at 4:00 PM, #atp-rca",
  },
  lever: { kind: "http-route", namespace: "atp-prod", route: "atp-ingestion" },
} as const;

const formats = [
  ["txt", messageText],
  ["md", messageMarkdown],
  ["slack.json", (message: RolloutMessage) => `${JSON.stringify(slackMessage(message), undefined, 2)}\n`],
  ["teams.json", (message: RolloutMessage) => `${JSON.stringify(cardMessage(message), undefined, 2)}\n`],
] as const;

/** The same id in every run, as the golden files have it. */
const about = "New tamper-proof algorithm (SHA-512 + Merkle tree)";
const startMs = Date.UTC(2026, 0, 15, 18);

interface Told {
  readonly messages: readonly RolloutMessage[];
  readonly entries: readonly JournalEntry[];
}

async function takenBack(): Promise<Told> {
  const driver = aDriver({ policy, startMs });
  driver.world.knobs.errorPercent = (exposure) => (exposure >= 20 ? 1.8 : 0.08);
  expect(await driver.run({ about })).toMatchObject({ outcome: "reverted" });
  return { messages: driver.notify.sent, entries: driver.entries() };
}

async function promotedAfterHold(): Promise<Told> {
  const driver = aDriver({ policy, startMs });
  let looks = 0;
  driver.world.knobs.metricsDown = (exposure) => exposure === 20 && looks++ < 120;
  expect(await driver.run({ about })).toMatchObject({ outcome: "promoted" });
  return { messages: driver.notify.sent, entries: driver.entries() };
}

let back: Told;
let good: Told;
beforeAll(async () => {
  [back, good] = [await takenBack(), await promotedAfterHold()];
});

const phases = [
  ["starting", () => back],
  ["increment", () => back],
  ["hold", () => good],
  ["rolling-back", () => back],
  ["rolled-back", () => back],
  ["promoted", () => good],
] as const;

describe.each(phases)("%s", (phase, of) => {
  const message = () => {
    const found = of().messages.findLast((one) => one.phase === phase);
    if (found === undefined) throw new Error(`no message of the phase ${phase}`);
    return found;
  };

  it.each(formats)("as %s", async (ending, render) => {
    await expect(render(message())).toMatchFileSnapshot(join(goldens, `${phase}.${ending}`));
  });

  it("has no number that the journal doesn't have", () => {
    const { entries } = of();
    const maker = entries[Number(message().id.split("/")[1]) - 1];
    expect(message().at).toBe(maker?.at);
    const counts = maker?.data["counts"] as SeenCounts | undefined;
    if (counts !== undefined && message().metrics !== undefined) {
      const { recent } = counts;
      const share = recent.requests === 0 ? "" : ((recent.failed / recent.requests) * 100).toFixed(2);
      const [row] = message().metrics?.rows ?? [];
      expect(row?.value).toBe(
        recent.requests === 0
          ? "no requests"
          : `${share} % of ${recent.requests.toLocaleString("en-US")} requests`,
      );
    }
    const { impact } = message();
    if (impact === undefined) return;
    const verdict = entries.find(({ data }) => Object(data["decision"]).kind === "revert");
    const seen = verdict?.data["counts"] as SeenCounts;
    expect([impact.requests, impact.failed]).toEqual([seen.candidate.requests, seen.candidate.failed]);
    const usual = (seen.candidate.requests * seen.stable.failed) / seen.stable.requests;
    expect(impact.extraFailures).toBe(Math.round(seen.candidate.failed - usual));
    expect(impact.text).toContain(`${seen.candidate.failed.toLocaleString("en-US")} of `);
  });
});

it("no message says that nobody was hurt where requests have failed", () => {
  for (const { impact } of back.messages.filter((one) => one.impact !== undefined)) {
    expect(impact?.failed).toBeGreaterThan(0);
    expect(impact?.text).not.toMatch(/no (customer )?impact|none of/i);
  }
});

describe("of a concern", () => {
  const concerned = async () => {
    const communication = { ...policy.communication, security: "@sam" };
    const driver = aDriver({ policy: { ...policy, communication }, startMs });
    await driver.run({ about, stopAfter: "20" });
    const at = new Date(driver.clock.now()).toISOString();
    const why = { by: "dana", reason: "wrong tenant ids", at, rolloutId: driver.rolloutId() };
    await driver.record.requests.submit({ kind: "abort", concern: "corruption", ...why });
    expect(await driver.run({ onlyResume: true })).toMatchObject({ kept: "corruption" });
    return driver.notify.sent.slice(-2);
  };

  it("turning back, and kept", async () => {
    const [turning, kept] = (await concerned()) as [RolloutMessage, RolloutMessage];
    for (const [name, message] of [
      ["concern", turning],
      ["kept", kept],
    ] as const)
      for (const [ending, render] of formats)
        await expect(render(message)).toMatchFileSnapshot(join(goldens, `${name}.${ending}`));
  });
});
