/** An expression of the KQL that this fake knows. */
export type Expression =
  | { readonly kind: "literal"; readonly value: KqlValue }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: "member"; readonly of: Expression; readonly key: Expression };

/** Scalars: numbers, texts, booleans, datetimes as Date, timespans; null is a value of each type. */
export type KqlValue = number | string | boolean | Date | Timespan | null;

export class Timespan {
  readonly ms: number;
  constructor(ms: number) {
    this.ms = ms;
  }
}

export interface Named {
  readonly name: string;
  readonly value: Expression;
}

export type Operator =
  | { readonly kind: "where"; readonly condition: Expression }
  | { readonly kind: "join"; readonly with: Pipeline; readonly on: readonly string[] }
  | { readonly kind: "order"; readonly by: Expression; readonly down: boolean; readonly top?: number }
  | { readonly kind: "extend" | "project"; readonly columns: readonly Named[] }
  | { readonly kind: "summarize"; readonly columns: readonly Named[]; readonly by: readonly Named[] };

export interface Pipeline {
  readonly source: { readonly table: string } | { readonly union: readonly Pipeline[] };
  readonly operators: readonly Operator[];
}

export interface Query {
  readonly lets: readonly Named[];
  /** What is named by `let` and gives rows. */
  readonly tables: Readonly<Record<string, Pipeline>>;
  readonly main: Pipeline;
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const tokenPattern =
  /\s+|\/\/[^\n]*|datetime\(([^)]*)\)|\d+(?:\.\d+)?(ms|[smhd])\b|\d+(?:\.\d+)?(?:e[+-]?\d+)?|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[A-Za-z_]\w*|>=|<=|==|!=|[|()[\],;=<>+\-*/]/y;
const levels = [["or"], ["and"], ["==", "!=", "<", ">", "<=", ">=", "in"], ["+", "-"], ["*", "/"]] as const;

/**
 * Parses what we send: `let` scalars and tables, `where`, `extend`, `project`, `summarize`, inner `join`, `order by`,
 * `top`, a leading `union`. Throws on anything else.
 */
export function parseKql(text: string): Query {
  const tokens = tokenize(text);
  let at = 0;
  const peek = () => tokens[at] ?? "";
  const take = (wanted?: string): string => {
    const token = tokens[at++] ?? "";
    if (token === "" || (wanted !== undefined && token !== wanted))
      throw new Error(`SYN0002: ${wanted ?? "more"} expected at ${token || "the end"}`);
    return token;
  };
  const skip = (token: string) => peek() === token && take(token) !== "";
  const list = <T>(one: () => T): T[] => {
    const all = [one()];
    while (skip(",")) all.push(one());
    return all;
  };
  const primary = (): Expression => {
    const token = take();
    if (token === "(") {
      const inner = expression(0);
      take(")");
      return inner;
    }
    if (token === "-") return { kind: "call", name: "negative", args: [primary()] };
    if (!/^[A-Za-z_]/.test(token) || token.startsWith("datetime(")) return literal(token);
    if (token === "null") return { kind: "literal", value: null };
    if (token === "true" || token === "false") return { kind: "literal", value: token === "true" };
    if (!skip("(")) return { kind: "name", name: token };
    const args = peek() === ")" ? [] : list(() => expression(0));
    take(")");
    return { kind: "call", name: token, args };
  };
  const postfix = (): Expression => {
    let value = primary();
    while (skip("[")) {
      value = { kind: "member", of: value, key: expression(0) };
      take("]");
    }
    return value;
  };
  const expression = (level: number): Expression => {
    const operators: readonly string[] | undefined = levels[level];
    if (operators === undefined) return postfix();
    let left = expression(level + 1);
    while (operators.includes(peek())) {
      const name = take();
      if (name === "in") take("(");
      const right = name === "in" ? list(() => expression(0)) : [expression(level + 1)];
      if (name === "in") take(")");
      left = { kind: "call", name, args: [left, ...right] };
    }
    return left;
  };
  const named = (): Named => {
    const called = tokens[at + 1] === "=" ? take() : undefined;
    if (called !== undefined) take("=");
    const value = expression(0);
    // An unnamed call is called after its argument, as bin(TimeGenerated, 1m) is.
    const first = value.kind === "call" ? value.args[0] : value;
    return { name: called ?? (first?.kind === "name" ? first.name : "Column1"), value };
  };
  const operator = (): Operator => {
    const kind = take();
    if (kind === "where") return { kind, condition: expression(0) };
    if (kind === "extend" || kind === "project") return { kind, columns: list(named) };
    if (kind === "join") return join();
    if (kind === "order") {
      take("by");
      return order();
    }
    if (kind === "top") {
      const top = Number(take());
      take("by");
      return { ...order(), top };
    }
    if (kind !== "summarize") throw new Error(`SYN0002: the fake doesn't know the operator ${kind}`);
    const columns = list(named);
    return { kind, columns, by: skip("by") ? list(named) : [] };
  };
  const join = (): Operator => {
    for (const word of ["kind", "=", "inner"]) take(word);
    const rows = bracketed();
    take("on");
    return { kind: "join", with: rows, on: list(() => take()) };
  };
  const order = (): Extract<Operator, { kind: "order" }> => {
    const by = expression(0);
    // Without a word Kusto orders downwards.
    return { kind: "order", by, down: !skip("asc") && (skip("desc") || true) };
  };
  const bracketed = (): Pipeline => {
    take("(");
    const inner = pipeline();
    take(")");
    return inner;
  };
  const pipeline = (): Pipeline => {
    const source = skip("union") ? { union: list(bracketed) } : { table: take() };
    const operators: Operator[] = [];
    while (skip("|")) operators.push(operator());
    return { source, operators };
  };
  const lets: Named[] = [];
  const tables: Record<string, Pipeline> = {};
  while (skip("let")) {
    // `let Rows = AppRequests | …`: a name that a pipe follows gives rows.
    if (tokens[at + 3] === "|") {
      const name = take();
      take("=");
      tables[name] = pipeline();
    } else lets.push(named());
    take(";");
  }
  const main = pipeline();
  if (at < tokens.length) throw new Error(`SYN0002: ${peek()} is not expected`);
  return { lets, tables, main };
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < text.length) {
    const from = tokenPattern.lastIndex;
    const token = tokenPattern.exec(text)?.[0];
    if (token === undefined) throw new Error(`SYN0001: ${text.slice(from, from + 20)} can't be read`);
    if (!/^(?:\s|\/\/)/.test(token)) tokens.push(token);
  }
  return tokens;
}

function literal(token: string): Expression {
  const time = /^datetime\((.*)\)$/.exec(token)?.[1];
  if (time !== undefined) return { kind: "literal", value: new Date(time) };
  if (token.startsWith("'"))
    return { kind: "literal", value: JSON.parse(`"${token.slice(1, -1).replaceAll('"', '\\"')}"`) };
  if (token.startsWith('"')) return { kind: "literal", value: JSON.parse(token) as string };
  const span = /^([\d.]+)(ms|[smhd])$/.exec(token);
  if (span) return { kind: "literal", value: new Timespan(Number(span[1]) * (units[span[2] ?? ""] ?? 0)) };
  if (!/^\d/.test(token)) throw new Error(`SYN0002: ${token} is not expected`);
  return { kind: "literal", value: Number(token) };
}
