import type { MetricRow, RolloutMessage } from "../../types/message.ts";
import { documentOf, type MessageBlock, verdictSymbols } from "./document.ts";

/** A message as plain text, for a terminal, a log or a mail. */
export function messageText(message: RolloutMessage): string {
  const { symbol, title, blocks, footer } = documentOf(message);
  return `${[`${symbol} ${title}`, ...blocks.map(blockText), footer].join("\n")}\n`;
}

function blockText(block: MessageBlock): string {
  switch (block.kind) {
    case "text":
      return block.text;
    case "fields":
      return block.fields.map(([label, value]) => `${label}: ${value}`).join("\n");
    case "metrics":
      return titled(block.title, block.rows.map(metricText));
    case "list":
      return titled(block.title, block.items);
    case "links":
      return titled(
        block.title,
        block.links.map(({ name, url }) => `${name}: ${url}`),
      );
    case "code":
      return [`${block.title}:`, ...block.lines.map((line) => `  $ ${line}`)].join("\n");
  }
}

function titled(title: string, items: readonly string[]): string {
  return [`${title}:`, ...items.map((item) => `  - ${item}`)].join("\n");
}

/** `Error rate: 0.08 % of 2,410 requests (limit 1 %) ✅`. */
export function metricText({ name, value, limit, verdict }: MetricRow): string {
  return `${name}: ${value}${limit === undefined ? "" : ` (limit ${limit})`} ${verdictSymbols[verdict]}`;
}
