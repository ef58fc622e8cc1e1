import * as z from "zod";
import { messageOf } from "../../../lib/error-message.ts";

const serviceError = z.object({
  code: z.string(),
  message: z.string(),
  // The API writes innererror; this is the SDK's spelling.
  innerError: z.unknown().optional(),
});

/** As the SDK throws it: the service's own words are in `details`. */
const restError = z.object({
  statusCode: z.number(),
  details: z.object({ error: serviceError }),
});

/** Rights are new for up to an hour before they are honoured, which looks like a typing error. */
const rights =
  "the identity needs Log Analytics Reader or Monitoring Reader there; a new role takes up to an hour to be honoured";

/** What a failed query says, from the outermost code to the innermost reason, and its HTTP status. */
export function whatTheServiceSaid(error: unknown): string {
  const status: unknown = Object(error).statusCode;
  const http = typeof status === "number" ? ` (HTTP ${status})` : "";
  const refused = restError.safeParse(error);
  if (!refused.success) {
    if (error instanceof SyntaxError || Object(error).code === "PARSE_ERROR")
      return `its body is not JSON${http}`;
    return typeof status === "number" ? `HTTP ${status}` : short(messageOf(error));
  }
  const said = [...chain(refused.data.details.error)].map(
    ({ code, message }) => `${code}: ${short(message)}`,
  );
  const hint = status === 403 ? `; ${rights}` : "";
  return `${said.join("; ")}${http}${hint}`;
}

/** The error and those within it: a wrong query says only in the innermost one what is wrong with it. */
function* chain(outer: z.infer<typeof serviceError>) {
  for (let at: unknown = outer, depth = 0; depth < 5; depth++) {
    const parsed = serviceError.safeParse(at);
    if (!parsed.success) return;
    yield parsed.data;
    at = parsed.data.innerError;
  }
}

/** What is wrong with a part of an answer: the SDK joins the outermost and the innermost reason, also where they are one. */
export function whatIsMissing({
  code,
  message,
}: {
  readonly code: string;
  readonly message: string;
}): string {
  const reasons = new Set(message.split(/\.\s{2,}/).map(short));
  return `only a part of the data came: ${code}: ${[...reasons].join(": ")}`;
}

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim().replace(/\.$/, "");
  return line === "" ? "no reason given" : line.slice(0, 300);
}
