import type { RolloutMessage } from "../../types/message.ts";
import { documentOf, type MessageBlock, verdictSymbols } from "./document.ts";

/** A workflow takes about 28 KB; what is longer loses its last parts, and says so. */
const cardLimit = 26_000;

/** A message for a Teams workflow: one adaptive card, version 1.4. */
export function cardMessage(message: RolloutMessage): Readonly<Record<string, unknown>> {
  const { symbol, title, blocks, footer } = documentOf(message);
  const head = {
    type: "TextBlock",
    size: "Large",
    weight: "Bolder",
    wrap: true,
    text: escaped(`${symbol} ${title}`),
  };
  const foot = { type: "TextBlock", isSubtle: true, wrap: true, text: escaped(footer) };
  const body: object[] = [head];
  for (const [index, block] of blocks.entries()) {
    const elements = elementsOf(block);
    if (JSON.stringify([...body, ...elements, foot]).length > cardLimit) {
      const left = blocks.length - index;
      body.push({ type: "TextBlock", wrap: true, text: `${left} more parts: the journal has them.` });
      break;
    }
    body.push(...elements);
  }
  return {
    type: "message",
    attachments: [
      {
        contentType: "application/vnd.microsoft.card.adaptive",
        content: {
          $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
          type: "AdaptiveCard",
          version: "1.4",
          body: [...body, foot],
        },
      },
    ],
  };
}

function elementsOf(block: MessageBlock): readonly object[] {
  switch (block.kind) {
    case "text":
      return [textBlock(escaped(block.text))];
    case "fields":
      return [
        { type: "FactSet", facts: block.fields.map(([title, value]) => ({ title, value: escaped(value) })) },
      ];
    case "metrics":
      return [
        heading(block.title),
        {
          type: "FactSet",
          facts: block.rows.map(({ name, value, limit, verdict }) => ({
            title: name,
            value: escaped(
              `${value}${limit === undefined ? "" : ` (limit ${limit})`} ${verdictSymbols[verdict]}`,
            ),
          })),
        },
      ];
    case "list":
      return [heading(block.title), textBlock(block.items.map((item) => `- ${escaped(item)}`).join("\r"))];
    case "links":
      return [
        textBlock(
          `${block.title}: ${block.links.map(({ name, url }) => `[${escaped(name)}](${linkOf(url)})`).join(", ")}`,
        ),
      ];
    case "code":
      return [
        heading(block.title),
        ...block.lines.map((text) => ({ ...textBlock(escaped(text)), fontType: "Monospace" })),
      ];
  }
}

function heading(text: string) {
  return { type: "TextBlock", weight: "Bolder", wrap: true, text: escaped(text) };
}

function textBlock(text: string) {
  return { type: "TextBlock", wrap: true, text };
}

/** Cards read a part of Markdown. */
function escaped(text: string): string {
  return text.replace(/[\\*_[\]]/g, "\\$&");
}

/** A bracket would end the link. */
function linkOf(url: string): string {
  return url.replaceAll("(", "%28").replaceAll(")", "%29").replaceAll(" ", "%20");
}
