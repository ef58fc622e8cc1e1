import { describe, expect, it } from "vitest";
import { cardMessage } from "../../../src/lib/message/card.ts";
import { messageMarkdown } from "../../../src/lib/message/markdown.ts";
import { slackMessage } from "../../../src/lib/message/slack.ts";
import { messageText } from "../../../src/lib/message/text.ts";
import { aMessage } from "../../support/messages.ts";

const hostile = "<!channel> [click](http://evil.example) *all* `x` & </b>";

describe("what people have written", () => {
  it("names nobody and links nowhere in Slack", () => {
    const text = JSON.stringify(slackMessage(aMessage({ reason: hostile, title: hostile })));
    expect(text).not.toContain("<!channel>");
    expect(text).toContain("&lt;!channel&gt;");
  });

  it("is no markup in Markdown and cards", () => {
    const markdown = messageMarkdown(aMessage({ reason: hostile }));
    expect(markdown).toContain("\\<!channel\\> \\[click\\](http://evil.example) \\*all\\*");
    const card = JSON.stringify(cardMessage(aMessage({ reason: hostile })));
    expect(card).toContain("\\\\[click\\\\]");
  });

  it("is itself in plain text", () => {
    expect(messageText(aMessage({ reason: hostile }))).toContain(`Reason: ${hostile}`);
  });
});

describe("limits of the services", () => {
  const long = aMessage({
    title: "t".repeat(400),
    reason: `${"line of a long reason\n".repeat(400)}end`,
    nextSteps: Array.from({ length: 120 }, (_, index) => `step ${index} ${"x".repeat(200)}`),
    breakGlass: [{ what: "everything", commands: ["k".repeat(5000)] }],
    kind: "revert-failed",
  });

  it("Slack: sections of at most 3,000 characters, 50 blocks, a header of 150", () => {
    const { blocks } = slackMessage(long) as { blocks: { type: string; text?: { text: string } }[] };
    expect(blocks.length).toBeLessThanOrEqual(50);
    expect(blocks[0]?.text?.text.length).toBe(150);
    for (const { text } of blocks) expect(text?.text.length ?? 0).toBeLessThanOrEqual(3000);
    expect(blocks.at(-1)?.type).toBe("context");
  });

  it("Teams: a card of at most 28 KB that says what it has left out", () => {
    const text = JSON.stringify(cardMessage(long));
    expect(text.length).toBeLessThan(28_000);
    expect(text).toMatch(/more parts: the journal has them/);
    expect(JSON.stringify(cardMessage(aMessage()))).not.toMatch(/more parts/);
  });
});

it("a rehearsal says so in every format", () => {
  const message = aMessage({ rehearsed: true });
  for (const render of [messageText, messageMarkdown, slackMessage, cardMessage])
    expect(JSON.stringify(render(message)).replaceAll("\\", "")).toContain("[rehearsal]");
});

it("a way back that failed shows what takes traffic off by hand", () => {
  const breakGlass = [{ what: "All traffic back", commands: ["kubectl patch x"] }];
  expect(messageText(aMessage({ breakGlass }))).not.toContain("kubectl");
  expect(messageText(aMessage({ breakGlass, kind: "revert-failed" }))).toContain("  $ kubectl patch x");
});
