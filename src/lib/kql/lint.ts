/** What a scheduled query rule would refuse, or read as something else. */
export interface KqlProblem {
  readonly rule: string;
  readonly message: string;
}

interface Ban {
  readonly rule: string;
  readonly pattern: RegExp;
  readonly why: string;
  /** Only a rule that runs each minute refuses it. */
  readonly eachMinute?: true;
}

const eachMinute = { eachMinute: true } as const;
/** An operator that begins a query: at its start, after a bracket, a pipe, an equals sign or a statement's end. */
const source = (name: string) => new RegExp(`(?:^|[|(;=])\\s*${name}\\b(?!\\s*=[^=~])`, "i");
const piped = (names: string) => new RegExp(`\\|\\s*(?:${names})\\b`, "i");
const call = (names: string) => new RegExp(`\\b(?:${names})\\s*\\(`, "i");

/** The limits of log search alerts, and those of rules that run each minute. */
const bans: readonly Ban[] = [
  {
    rule: "ago",
    pattern: call("ago"),
    why: "the window is the rule's, or the caller's t0 and t1; ago() cuts it again, by another clock",
  },
  {
    rule: "plugin",
    pattern: call("bag_unpack|pivot|narrow"),
    why: "its columns are known only when it runs; alert rules refuse it",
  },
  {
    rule: "reserved-column",
    pattern: /\bAggregatedValue\b/,
    why: "AggregatedValue is a name of the alert service's own",
  },
  { rule: "search", pattern: source("search"), why: "reads every table", ...eachMinute },
  { rule: "union", pattern: source("union"), why: "reads several tables", ...eachMinute },
  { rule: "join", pattern: piped("join|lookup"), why: "can't be run on a stream", ...eachMinute },
  { rule: "take", pattern: piped("take|limit"), why: "gives any rows it likes", ...eachMinute },
  {
    rule: "ingestion-time",
    pattern: call("ingestion_time"),
    why: "is not known to a rule on a stream",
    ...eachMinute,
  },
  {
    rule: "other-tables",
    pattern: call("adx|workspace|app|resource|arg"),
    why: "reads tables of elsewhere",
    ...eachMinute,
  },
];

/** Properties of a rule, the query among them, may take 64 KB. */
const maxBytes = 65_536;

/**
 * What Azure Monitor bans in the query of an alert rule and a type checker of KQL can't see. `everyMinutes`: how often
 * the rule runs; 1 has bans of its own. No problems: an empty list. What stands in strings and comments is no query.
 */
export function lintAlertQuery(kql: string, options: { readonly everyMinutes: number }): KqlProblem[] {
  const code = withoutText(kql);
  const found = bans
    .filter((ban) => (ban.eachMinute !== true || options.everyMinutes <= 1) && ban.pattern.test(code))
    .map(({ rule, why, eachMinute }) => ({
      rule,
      message: eachMinute ? `${why}; refused in a rule of one minute` : why,
    }));
  const bytes = Buffer.byteLength(kql, "utf8");
  if (bytes <= maxBytes) return found;
  return [...found, { rule: "size", message: `${bytes} bytes; a rule holds at most ${maxBytes}` }];
}

/** The query without the contents of strings, and without comments. */
function withoutText(kql: string): string {
  const texts =
    /```[\s\S]*?(?:```|$)|@"(?:[^"]|"")*"|@'(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\/\/[^\n]*/g;
  return kql.replaceAll(texts, (text) => (text.startsWith("//") ? "" : '""'));
}
