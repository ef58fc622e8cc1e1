import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { runInThisContext } from "node:vm";

/** Columns of the tables that we read, as Azure Monitor's reference has them; those that no query names are left out. */
const shared =
  "ItemCount:int,AppVersion:string,AppRoleName:string,AppRoleInstance:string,SyntheticSource:string";
const classic =
  "itemCount:int,application_Version:string,cloud_RoleName:string,cloud_RoleInstance:string,operation_SyntheticSource:string";
const tables: Readonly<Record<string, string>> = {
  AppRequests: `TimeGenerated:datetime,${shared},Name:string,ResultCode:string,Success:bool,DurationMs:real,Properties:dynamic,_ResourceId:string`,
  AppExceptions: `TimeGenerated:datetime,${shared},ExceptionType:string,ProblemId:string,Properties:dynamic,_ResourceId:string`,
  AppMetrics: `TimeGenerated:datetime,${shared},Name:string,Sum:real,Min:real,Max:real,Properties:dynamic,_ResourceId:string`,
  AppAvailabilityResults: `TimeGenerated:datetime,${shared},Name:string,Location:string,Success:bool,DurationMs:real,Message:string,Properties:dynamic,_ResourceId:string`,
  KubeNodeInventory:
    "TimeGenerated:datetime,ClusterName:string,Computer:string,KubeletVersion:string,Labels:string,Status:string,_ResourceId:string",
  KubePodInventory:
    "TimeGenerated:datetime,ClusterName:string,Computer:string,Name:string,Namespace:string,PodStatus:string,PodUid:string,_ResourceId:string",
  requests: `timestamp:datetime,${classic},name:string,resultCode:string,success:string,duration:real,customDimensions:dynamic`,
  exceptions: `timestamp:datetime,${classic},type:string,problemId:string,customDimensions:dynamic`,
  availabilityResults: `timestamp:datetime,${classic},name:string,location:string,success:string,duration:real,message:string,customDimensions:dynamic`,
  customMetrics: `timestamp:datetime,${classic},name:string,value:real,valueCount:int,valueSum:real,valueMin:real,valueMax:real,customDimensions:dynamic`,
};
const ofScope = {
  workspace: [
    "AppRequests",
    "AppExceptions",
    "AppMetrics",
    "AppAvailabilityResults",
    "KubeNodeInventory",
    "KubePodInventory",
  ],
  resource: ["requests", "exceptions", "customMetrics", "availabilityResults"],
} as const;

export interface Checked {
  /** What the checker objects to: `KS142 The name 'Nope' does not refer to any known column …`. */
  readonly problems: readonly string[];
  /** Columns of the result, `Value:real`, in order. */
  readonly columns: readonly string[];
}

/** Checks a query with Kusto's own parser and type checker, against the tables of a workspace or of a resource. */
export function checkKql(query: string, scope: keyof typeof ofScope = "workspace"): Checked {
  const { KustoCode, GlobalState, Symbols } = load();
  const symbols = ofScope[scope].map(
    (name) => new Symbols.TableSymbol.$ctor7(name, `(${tables[name]})`, null),
  );
  const database = new Symbols.DatabaseSymbol.$ctor1(scope, symbols);
  const code = KustoCode.ParseAndAnalyze(query, GlobalState.Default.WithDatabase(database));
  return {
    problems: listed(code.GetDiagnostics()).map(({ Code, Message }) => `${Code} ${Message}`),
    columns: listed(code.ResultType?.Columns).map(({ Name, Type }) => `${Name}:${Type.Name}`),
  };
}

/** A list of the C# library, as its translation has it. */
interface Listed<T> {
  readonly Count: number;
  getItem(index: number): T;
}

interface Kusto {
  readonly KustoCode: {
    ParseAndAnalyze(
      query: string,
      globals: unknown,
    ): {
      GetDiagnostics(): Listed<{ Code: string; Message: string }>;
      readonly ResultType?: { readonly Columns?: Listed<{ Name: string; Type: { Name: string } }> };
    };
  };
  readonly GlobalState: { readonly Default: { WithDatabase(database: unknown): unknown } };
  readonly Symbols: {
    readonly TableSymbol: { readonly $ctor7: new (name: string, schema: string, note: null) => unknown };
    readonly DatabaseSymbol: { readonly $ctor1: new (name: string, members: readonly unknown[]) => unknown };
  };
}

function listed<T>(list: Listed<T> | undefined): T[] {
  return Array.from({ length: list?.Count ?? 0 }, (_, index) => (list as Listed<T>).getItem(index));
}

let kusto: Kusto | undefined;

/** The package is a script for browsers that leaves globals behind; it takes a third of a second, once. */
function load(): Kusto {
  if (kusto !== undefined) return kusto;
  const folder = dirname(createRequire(import.meta.url).resolve("@kusto/language-service-next/package.json"));
  for (const file of ["bridge.min.js", "Kusto.Language.Bridge.min.js"]) {
    runInThisContext(readFileSync(join(folder, file), "utf8"), { filename: file });
  }
  kusto = (globalThis as unknown as { Kusto: { Language: Kusto } }).Kusto.Language;
  return kusto;
}
