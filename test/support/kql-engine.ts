import {
  type Expression,
  type KqlValue,
  type Named,
  type Operator,
  type Pipeline,
  parseKql,
  Timespan,
} from "./kql-parser.ts";

/** One stored row. `ingestedAt` is no column: `ingestion_time()` reads it. A bag of properties is an object. */
export interface StoredRow {
  readonly ingestedAt: Date;
  readonly columns: Readonly<Record<string, KqlValue | Readonly<Record<string, string>>>>;
}

export type ResultRow = Readonly<Record<string, KqlValue>>;

/**
 * Runs a query over stored rows. It knows the operators and functions that our adapters send, with Kusto's rules for
 * null: a comparison with null is not true, an aggregate leaves null out. It has one type of number, so whether a
 * division is one of whole numbers is for the type checker to say. Throws, as the service refuses, on a name it
 * doesn't know.
 */
export function runKql(
  text: string,
  tables: Readonly<Record<string, readonly StoredRow[]>>,
  /** What `now()` says, ms since the epoch; absent: a query that asks it fails. */
  nowMs?: number,
): ResultRow[] {
  const { lets, tables: named, main } = parseKql(text);
  const scalars: Record<string, KqlValue> = nowMs === undefined ? {} : { [nowName]: new Date(nowMs) };
  for (const { name, value } of lets) scalars[name] = scalar(value, { row: undefined, scalars });
  const all = { ...tables };
  for (const [name, pipeline] of Object.entries(named)) all[name] = run(pipeline, { tables: all, scalars });
  return run(main, { tables: all, scalars }).map(({ columns }) => columns as ResultRow);
}

/** No query can name a scalar so. */
const nowName = "now()";

interface World {
  readonly tables: Readonly<Record<string, readonly StoredRow[]>>;
  readonly scalars: Readonly<Record<string, KqlValue>>;
}

/** Where an expression is evaluated; in a summarize `group` are the rows of its aggregates. */
interface Place {
  readonly row: StoredRow | undefined;
  readonly scalars: Readonly<Record<string, KqlValue>>;
  readonly group?: readonly StoredRow[];
}

function run({ source, operators }: Pipeline, world: World): readonly StoredRow[] {
  const rows = "union" in source ? unite(source.union, world) : tableOf(source.table, world);
  return operators.reduce<readonly StoredRow[]>((all, operator) => apply(operator, all, world), rows);
}

function tableOf(name: string, { tables }: World): readonly StoredRow[] {
  const rows = tables[name];
  if (rows === undefined) throw new Error(`SEM0100: 'where' operator: Failed to resolve table '${name}'`);
  return rows;
}

/** Columns that one of them doesn't have are null in its rows, also where the other gives no rows. */
function unite(parts: readonly Pipeline[], world: World): StoredRow[] {
  const nulls = Object.fromEntries(parts.flatMap(columnNames).map((name) => [name, null]));
  return parts.flatMap((part) =>
    run(part, world).map((row) => ({ ...row, columns: { ...nulls, ...row.columns } })),
  );
}

/** What a pipeline names itself; columns of its table are those of its rows. */
function columnNames({ operators }: Pipeline): string[] {
  let names: string[] = [];
  for (const operator of operators) {
    if (operator.kind === "where" || operator.kind === "order") continue;
    if (operator.kind === "join") throw new Error("SYN0002: the fake doesn't know a join in a union");
    if (operator.kind !== "extend") names = [];
    if (operator.kind === "summarize") names.push(...operator.by.map(({ name }) => name));
    names.push(...operator.columns.map(({ name }) => name));
  }
  return names;
}

function apply(operator: Operator, rows: readonly StoredRow[], world: World): readonly StoredRow[] {
  const { scalars } = world;
  const columnsOf = (columns: readonly Named[], row: StoredRow) =>
    Object.fromEntries(columns.map(({ name, value }) => [name, evaluate(value, { row, scalars })]));
  switch (operator.kind) {
    case "where":
      return rows.filter((row) => scalar(operator.condition, { row, scalars }) === true);
    case "join":
      return join(rows, run(operator.with, world), operator.on);
    case "order": {
      const keyed = rows.map((row) => ({ row, key: numberOf(scalar(operator.by, { row, scalars })) }));
      keyed.sort((a, b) => (operator.down ? b.key - a.key : a.key - b.key));
      return keyed.slice(0, operator.top).map(({ row }) => row);
    }
    case "extend":
      return rows.map((row) => ({
        ...row,
        columns: { ...row.columns, ...columnsOf(operator.columns, row) },
      }));
    case "project":
      return rows.map((row) => ({ ...row, columns: columnsOf(operator.columns, row) }));
    case "summarize": {
      const groups = new Map<string, StoredRow[]>();
      // Without `by` there is always one row, over nothing too.
      if (operator.by.length === 0) groups.set("", [...rows]);
      else for (const row of rows) push(groups, JSON.stringify(columnsOf(operator.by, row)), row);
      return [...groups.values()].map((group) => {
        const [row] = group;
        const keys = row === undefined ? {} : columnsOf(operator.by, row);
        const sums = operator.columns.map(({ name, value }) => [
          name,
          scalar(value, { row, scalars, group }),
        ]);
        return { ingestedAt: new Date(0), columns: { ...keys, ...Object.fromEntries(sums) } };
      });
    }
  }
}

/** Columns of the right side that the left one has too get a 1 at their end. */
function join(left: readonly StoredRow[], right: readonly StoredRow[], on: readonly string[]): StoredRow[] {
  const keyOf = ({ columns }: StoredRow) => JSON.stringify(on.map((name) => columns[name] ?? null));
  const byKey = new Map<string, StoredRow[]>();
  for (const row of right) push(byKey, keyOf(row), row);
  return left.flatMap((row) =>
    (byKey.get(keyOf(row)) ?? []).map((other) => {
      const renamed = Object.entries(other.columns).map(([name, value]) => [
        name in row.columns ? `${name}1` : name,
        value,
      ]);
      return { ...row, columns: { ...row.columns, ...Object.fromEntries(renamed) } };
    }),
  );
}

function push<T>(groups: Map<string, T[]>, key: string, value: T): void {
  const group = groups.get(key);
  if (group) group.push(value);
  else groups.set(key, [value]);
}

type Cell = StoredRow["columns"][string];

function evaluate(expression: Expression, place: Place): Cell {
  if (expression.kind === "literal") return expression.value;
  if (expression.kind === "member") {
    const bag = evaluate(expression.of, place);
    const key = scalar(expression.key, place);
    return (bag as Record<string, string> | null)?.[String(key)] ?? null;
  }
  if (expression.kind === "call" && expression.name === "parse_json") {
    const [text] = expression.args;
    return JSON.parse(String(text && scalar(text, place))) as Cell;
  }
  if (expression.kind === "call") return call(expression.name, expression.args, place);
  const { name } = expression;
  const found = place.row?.columns[name] ?? place.scalars[name];
  if (found !== undefined) return found;
  if (place.row !== undefined && name in place.row.columns) return null;
  throw new Error(`SEM0100: Failed to resolve scalar expression named '${name}'`);
}

function scalar(expression: Expression, place: Place): KqlValue {
  const value = evaluate(expression, place);
  const isBag =
    value !== null && typeof value === "object" && !(value instanceof Date || value instanceof Timespan);
  if (isBag) throw new Error("SEM0025: a bag of properties is no scalar");
  return value as KqlValue;
}

function call(name: string, args: readonly Expression[], place: Place): KqlValue {
  if (name === "ingestion_time") return place.row?.ingestedAt ?? null;
  if (name === "now") return now(args, place);
  if (aggregates[name] !== undefined && place.group !== undefined) {
    const { group, scalars } = place;
    return aggregates[name](group.map((row) => args.map((arg) => scalar(arg, { row, scalars }))));
  }
  const values = args.map((arg) => scalar(arg, place));
  const known = functions[name];
  if (known === undefined) throw new Error(`SEM0260: Unknown function: '${name}'`);
  return known(...values);
}

function now(args: readonly Expression[], place: Place): KqlValue {
  const at = place.scalars[nowName];
  if (!(at instanceof Date)) throw new Error("SEM0260: Unknown function: 'now'");
  const [offset] = args;
  return offset === undefined ? at : new Date(at.getTime() + numberOf(scalar(offset, place)));
}

/** What a value is worth in comparisons and sums; NaN for null. */
function numberOf(value: KqlValue | undefined): number {
  if (value instanceof Date) return value.getTime();
  if (value instanceof Timespan) return value.ms;
  return typeof value === "number" ? value : Number.NaN;
}

type Compute = (...values: KqlValue[]) => KqlValue;

const compare =
  (holds: (a: number, b: number) => boolean): Compute =>
  (a = null, b = null) =>
    a === null || b === null ? null : holds(numberOf(a), numberOf(b));
const same = (a: KqlValue, b: KqlValue) =>
  typeof a === "string" || typeof a === "boolean" ? a === b : numberOf(a) === numberOf(b);
const arithmetic =
  (compute: (a: number, b: number) => number): Compute =>
  (a = null, b = null) =>
    a === null || b === null ? null : compute(numberOf(a), numberOf(b));
const parsed = (value: KqlValue = null) => {
  if (typeof value === "string")
    return value.trim() === "" || Number.isNaN(Number(value)) ? null : Number(value);
  return value === null ? null : numberOf(value);
};
const whole: Compute = (value) => {
  const number = parsed(value);
  return number === null ? null : Math.trunc(number);
};

const functions: Readonly<Record<string, Compute>> = {
  and: (a, b) => a === true && b === true,
  or: (a, b) => a === true || b === true,
  "==": (a = null, b = null) => (a === null || b === null ? null : same(a, b)),
  "!=": (a = null, b = null) => (a === null || b === null ? null : !same(a, b)),
  "<": compare((a, b) => a < b),
  ">": compare((a, b) => a > b),
  "<=": compare((a, b) => a <= b),
  ">=": compare((a, b) => a >= b),
  in: (value = null, ...list) => list.some((one) => value !== null && same(value, one)),
  "+": arithmetic((a, b) => a + b),
  "*": arithmetic((a, b) => a * b),
  "-": (a = null, b = null) => {
    if (a === null || b === null) return null;
    const difference = numberOf(a) - numberOf(b);
    if (a instanceof Date) return b instanceof Timespan ? new Date(difference) : new Timespan(difference);
    return difference;
  },
  negative: (value = null) => {
    if (value === null) return null;
    return value instanceof Timespan ? new Timespan(-value.ms) : -numberOf(value);
  },
  real: (value = null) => value,
  min_of: (...values) => (values.includes(null) ? null : Math.min(...values.map(numberOf))),
  strcat: (...values) => values.map((value) => (value === null ? "" : String(value))).join(""),
  startofmonth: (value = null) =>
    value instanceof Date ? new Date(Date.UTC(value.getUTCFullYear(), value.getUTCMonth())) : null,
  "/": arithmetic((a, b) => a / b),
  bin: (value = null, size = null) => {
    if (value === null) return null;
    const floor = Math.floor(numberOf(value) / numberOf(size)) * numberOf(size);
    return value instanceof Date ? new Date(floor) : floor;
  },
  iff: (condition, yes = null, no = null) => (condition === true ? yes : no),
  coalesce: (...values) => values.find((value) => value !== null && value !== "") ?? null,
  isempty: (value) => value === null || value === undefined || value === "",
  tostring: (value = null) => (value === null ? "" : String(value)),
  tobool: (value) =>
    typeof value === "boolean" ? value : ({ true: true, false: false }[String(value).toLowerCase()] ?? null),
  toint: whole,
  tolong: whole,
  toreal: parsed,
};

type Aggregate = (rows: readonly (readonly KqlValue[])[]) => KqlValue;

const numbers = (rows: readonly (readonly KqlValue[])[], column = 0) =>
  rows
    .map((row) => row[column])
    .filter((value) => value !== null)
    .map(numberOf);
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const percentileOf = (
  values: readonly (readonly [value: number, weight: number])[],
  percent: number,
): KqlValue => {
  const sorted = [...values].sort(([a], [b]) => a - b);
  const wanted = (sum(sorted.map(([, weight]) => weight)) * percent) / 100;
  let seen = 0;
  for (const [value, weight] of sorted) {
    seen += weight;
    if (seen >= wanted) return value;
  }
  return null;
};

const aggregates: Readonly<Record<string, Aggregate>> = {
  count: (rows) => rows.length,
  sum: (rows) => sum(numbers(rows)),
  sumif: (rows) => sum(numbers(rows.filter(([, condition]) => condition === true))),
  max: (rows) => {
    const values = rows.map(([value]) => value ?? null).filter((value) => value !== null);
    return values.reduce<KqlValue>(
      (top, value) => (top === null || numberOf(value) > numberOf(top) ? value : top),
      null,
    );
  },
  maxif: (rows) => aggregates["max"]?.(rows.filter(([, condition]) => condition === true)) ?? null,
  min: (rows) => {
    const values = rows.map(([value]) => value ?? null).filter((value) => value !== null);
    return values.reduce<KqlValue>(
      (low, value) => (low === null || numberOf(value) < numberOf(low) ? value : low),
      null,
    );
  },
  dcount: (rows) => new Set(rows.map(([value]) => value).filter((value) => value !== null)).size,
  percentile: (rows) =>
    percentileOf(
      numbers(rows).map((value) => [value, 1]),
      numberOf(rows[0]?.[1]),
    ),
  percentilew: (rows) =>
    percentileOf(
      rows.filter(([value]) => value !== null).map(([value, weight]) => [numberOf(value), numberOf(weight)]),
      numberOf(rows[0]?.[2]),
    ),
};
