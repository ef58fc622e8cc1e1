import type { RolloutMessage } from "../../types/message.ts";
import { documentOf, type MessageBlock } from "./document.ts";
import { metricText } from "./text.ts";

/** Slack's limits: characters of a header and of a section, blocks of a message. */
const headerLimit = 150;
const sectionLimit = 3000;
const blockLimit = 50;

/** A message for a Slack incoming webhook: `text` is what a notification shows, blocks what the channel does. */
export function slackMessage(message: RolloutMessage): Readonly<Record<string, unknown>> {
  const { symbol, title, blocks, footer } = documentOf(message);
  const head = `${symbol} ${title}`;
  const sections = blocks.flatMap((block) => split(blockText(block)).map(section));
  return {
    text: escaped(head),
    blocks: [
      { type: "header", text: { type: "plain_text", text: cut(plain(head), headerLimit) } },
      ...sections.slice(0, blockLimit - 2),
      { type: "context", elements: [{ type: "mrkdwn", text: cut(escaped(footer), sectionLimit) }] },
    ],
  };
}

function section(text: string) {
  return { type: "section", text: { type: "mrkdwn", text } };
}

function blockText(block: MessageBlock): string {
  switch (block.kind) {
    case "text":
      return escaped(block.text);
    case "fields":
      return block.fields.map(([label, value]) => `*${label}:* ${escaped(value)}`).join("\n");
    case "metrics":
      return titled(block.title, block.rows.map(metricText));
    case "list":
      return titled(block.title, block.items);
    case "links":
      return `*${block.title}:* ${block.links.map(({ name, url }) => `<${linkOf(url)}|${escaped(name).replaceAll("|", " ")}>`).join(", ")}`;
    case "code":
      return `*${escaped(block.title)}:*\n\`\`\`${escaped(block.lines.join("\n"))}\`\`\``;
  }
}

function titled(title: string, items: readonly string[]): string {
  return [`*${title}:*`, ...items.map((item) => `• ${escaped(item)}`)].join("\n");
}

/** Slack's three: an escaped text can name nobody (`<!channel>`) and link nowhere. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** A header has no escapes. */
function plain(text: string): string {
  return text.replaceAll("<", "‹").replaceAll(">", "›");
}

function linkOf(url: string): string {
  return url.replaceAll("&", "&amp;").replaceAll("<", "%3C").replaceAll(">", "%3E").replaceAll("|", "%7C");
}

/** Parts of at most 3,000 characters, at line ends where there are any. Code longer than that is cut: half a command is none. */
function split(text: string): readonly string[] {
  if (text.length <= sectionLimit) return [text];
  if (text.endsWith("```")) return [`${cut(text.slice(0, -3), sectionLimit - 3)}\`\`\``];
  const at = text.lastIndexOf("\n", sectionLimit);
  const end = at > 0 ? at : sectionLimit;
  return [text.slice(0, end), ...split(text.slice(at > 0 ? end + 1 : end))];
}

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}
