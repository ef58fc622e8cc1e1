import { describe, expect, it } from "vitest";
import { metricsOf } from "../../../src/driver/own-metrics.ts";
import { prometheusText } from "../../../src/lib/metrics/prometheus-text.ts";
import type { JournalEntry } from "../../../src/types/journal.ts";
import type { LastLook } from "../../../src/types/own-metrics.ts";
import { aDriver } from "../../support/drive.ts";
import { until } from "../../support/memory-runtime.ts";
import { checkMetrics } from "../../support/promtool.ts";

/** Samples of a family, by its labels but for stack and service. */
function seriesOf(entries: readonly JournalEntry[], name: string, look?: LastLook): Record<string, number> {
  const family = metricsOf(entries, look).find((one) => one.name === name);
  return Object.fromEntries(
    (family?.samples ?? []).map(({ labels: { stack, service, ...rest }, value }) => {
      expect([stack, service]).toEqual(["production", "atp-ingestion"]);
      return [Object.values(rest).join(" "), value];
    }),
  );
}

/** The journal at each of its entries. */
const prefixes = (entries: readonly JournalEntry[]) => entries.map((_, nth) => entries.slice(0, nth + 1));

const bad = aDriver();
bad.world.knobs.errorPercent = (exposure) => (exposure >= 20 ? 3 : 0.1);
await bad.run();
const good = aDriver();
await good.run();

describe("the driver's own metrics", () => {
  it("follow the exposure up and back to 0", () => {
    const seen = prefixes(bad.entries()).flatMap((entries) =>
      Object.entries(seriesOf(entries, "rollouts_exposure_percent")),
    );
    const distinct = seen.map(([, value]) => value).filter((value, at, all) => value !== all[at - 1]);
    expect(distinct).toEqual([5, 20, 0]);
    expect(new Set(seen.map(([labels]) => labels))).toEqual(new Set(["1.2.3 1.2.4"]));
  });

  it("of a promotion end at 100: what was removed afterwards is the version before", () => {
    const seen = prefixes(good.entries()).flatMap((entries) =>
      Object.values(seriesOf(entries, "rollouts_exposure_percent")),
    );
    expect(seen.filter((value, at, all) => value !== all[at - 1])).toEqual([5, 20, 50, 100]);
    expect(seriesOf(good.entries(), "rollouts_step_info")).toEqual({ "promote-clean completed": 1 });
    expect(seriesOf(good.entries(), "rollouts_ended_total")).toEqual({ promoted: 1 });
    expect(seriesOf(good.entries(), "rollouts_revert_duration_seconds")).toEqual({});
  });

  it("say what each gate has said, once it has said something", () => {
    const [first = []] = prefixes(bad.entries());
    expect(seriesOf(first, "rollouts_gate_verdict")).toEqual({});
    const verdict = bad.entries().findIndex(({ data }) => Object(data["decision"]).kind === "revert");
    const turned = bad.entries().slice(0, verdict + 1);
    const verdicts = seriesOf(turned, "rollouts_gate_verdict");
    expect(verdicts["error-rate fail"]).toBe(1);
    expect(verdicts["error-rate pass"]).toBe(0);
    const each = Object.entries(verdicts).filter(([labels]) => labels.startsWith("health "));
    expect(each.map(([, value]) => value).sort()).toEqual([0, 0, 0, 0, 0, 1]);
    expect(seriesOf(turned, "rollouts_gate_value")["error-rate"]).toBeGreaterThan(1);
    expect(seriesOf(turned, "rollouts_gate_limit")["error-rate"]).toBe(1);
    // Nothing serves any more that the gates could speak of.
    expect(seriesOf(bad.entries(), "rollouts_gate_verdict")).toEqual({});
  });

  it("take the look of a driver that is alive over the journal's", () => {
    const watched = bad.entries().findIndex(({ kind }) => kind === "verdict");
    const entries = bad.entries().slice(0, watched + 1);
    const reading = { gate: "evidence", reason: "EvidenceUnclear", message: "", limit: 20 } as const;
    const look = {
      atMs: 1_700_000_000_500,
      readings: [{ ...reading, verdict: "no-data", value: 7.5 }],
    } as const;
    expect(seriesOf(entries, "rollouts_evidence_odds", look)).toEqual({ "": 7.5 });
    expect(seriesOf(entries, "rollouts_gate_verdict", look)["evidence no-data"]).toBe(1);
    expect(seriesOf(entries, "rollouts_last_look_timestamp_seconds", look)).toEqual({ "": 1_700_000_000.5 });
    expect(seriesOf(entries, "rollouts_last_look_timestamp_seconds")).toEqual({});
    const silent = { atMs: 0, readings: [{ ...reading, verdict: "no-data" }] } as const;
    // Never 0 for want of data.
    expect(seriesOf(entries, "rollouts_evidence_odds", silent)).toEqual({});
    expect(seriesOf(entries, "rollouts_gate_value", silent)).toEqual({});
  });

  it("time a revert, lever and stack", () => {
    const end = bad.entries().findLast(({ kind }) => kind === "end")?.data["revert"];
    const { leverMs, stackMs } = Object(end);
    expect(seriesOf(bad.entries(), "rollouts_revert_duration_seconds")).toEqual({
      lever: leverMs / 1000,
      stack: stackMs / 1000,
    });
  });

  it("count what is owed to each channel, 0 where nothing is", async () => {
    expect(seriesOf(bad.entries(), "rollouts_messages_owed")).toEqual({ memory: 0 });
    const driver = aDriver();
    driver.notify.answerWith({ status: "refused", reason: "gone" });
    await driver.run();
    expect(seriesOf(driver.entries(), "rollouts_messages_given_up_total")).toEqual({ memory: 6 });
    const hangs = aDriver();
    hangs.notify.answerWith("hang");
    const running = hangs.run();
    await until(() => hangs.entries().some(({ data }) => Object(data["decision"]).to === "completed"));
    expect(seriesOf(hangs.entries(), "rollouts_messages_owed")).toEqual({ memory: 6 });
    await hangs.wall.advance(10_000);
    await running;
  });

  it("are none of a journal without a rollout, and tell no secret", () => {
    expect(metricsOf([])).toEqual([]);
    expect(JSON.stringify(metricsOf(bad.entries()))).not.toContain("hunter2");
  });

  it("are what Prometheus itself reads and has nothing to say against", async () => {
    const look = { atMs: 1_700_000_000_500, readings: [] };
    for (const entries of [bad.entries(), good.entries().slice(0, -8)])
      await checkMetrics(prometheusText(metricsOf(entries, look)));
  }, 120_000);
});
