import { describe, expect, it } from "vitest";
import { secretWord } from "../../../policy-packs/rollout-guardrails/lib/secrets.ts";
import { noPlainSecrets } from "../../../policy-packs/rollout-guardrails/policies/no-plain-secrets.ts";
import { type AResource, checkResource, unknown } from "../../support/guardrails.ts";
import { aStack, withProps } from "../../support/guardrails-objects.ts";

const container = "spec template spec containers 0";
const withEnv = (...env: readonly unknown[]) =>
  withProps(aStack()["deployment"], { [`${container} env`]: env });
const plain = (name: string, value: unknown = "hunter2") => withEnv({ name, value });
const check = (one: AResource, parameters: object = {}) => checkResource(noPlainSecrets, one, parameters);

describe("names", () => {
  it.each([
    ["DB_PASSWORD", "password"],
    ["dbPassword", "password"],
    ["DBPASSWORD", "password"],
    ["POSTGRES_PASSWORD_2", "password"],
    ["MYSQL_PWD", "pwd"],
    ["CLIENT_SECRET", "secret"],
    ["clientSecret", "secret"],
    ["GITHUB_TOKEN", "token"],
    ["ConnectionStrings__Default", "connection strings"],
    ["ConnectionStrings:Orders", "connection strings"],
    ["SERVICEBUS_CONNECTIONSTRING", "connectionstring"],
    ["storageAccountKey", "key"],
    ["API_KEY", "key"],
    ["APIKEY", "apikey"],
    ["KEY", "key"],
    ["COSMOS_PRIMARY_KEY", "key"],
    ["AWS_SECRET_ACCESS_KEY", "secret"],
    ["STORAGE_SAS", "sas"],
    ["AZURE_CREDENTIALS", "credentials"],
  ])("%s says %s", (name, word) => expect(secretWord(name)).toBe(word));

  it.each([
    "LOG_LEVEL",
    "TOKEN_URL",
    "TOKEN_TTL_SECONDS",
    "PASSWORD_MIN_LENGTH",
    "DB_PASSWORD_FILE",
    "SECRET_NAME",
    "AWS_ACCESS_KEY_ID",
    "KEY_VAULT_URL",
    "PUBLIC_KEY",
    "PARTITION_KEY",
    "MONKEY",
    "KEYBOARD_LAYOUT",
    "TOKENIZER",
    "PATH",
    "COMPASS",
  ])("%s says nothing", (name) => expect(secretWord(name)).toBeUndefined());
});

describe("no-plain-secrets", () => {
  it.each([
    [{ name: "DB_PASSWORD", valueFrom: { secretKeyRef: { name: "db", key: "password" } } }],
    [{ name: "DB_PASSWORD", value: "" }],
    [{ name: "USE_TOKEN", value: "true" }],
    [{ name: "DB_PASSWORD", value: "$(FROM_A_SECRET)" }],
    [{ name: "URL", value: "postgres://orders:$(DB_PASSWORD)@db/orders" }],
    [{ name: "URL", value: "https://api.example:8443/v1?page=2" }],
    [{ name: "DSN", value: "Server=db;User Id=orders;Password=$(DB_PASSWORD)" }],
    [{ name: "APPLICATIONINSIGHTS_CONNECTION_STRING", value: "InstrumentationKey=…" }],
    [{ name: "LOG_LEVEL", value: "debug" }],
  ])("lets %j pass", async (variable) => {
    expect(await check(withEnv(variable))).toEqual([]);
  });

  it("finds a plain value under a secret's name, and says where, never what", async () => {
    const found = await check(withEnv({ name: "A", value: "1" }, { name: "DB_PASSWORD", value: "hunter2" }));
    expect(found).toEqual([
      expect.stringContaining(
        "spec.template.spec.containers[0].env[1].value is plain, and its name says password",
      ),
    ]);
    expect(found[0]).toContain("secretRef");
    expect(found[0]).not.toContain("hunter2");
  });

  // Made up, each of the right shape; put together here, so that no scanner takes them for somebody's.
  it.each([
    ["a private key", ["-----BEGIN RSA PRIV", "ATE KEY-----\nMIIE"]],
    ["a private key", ["-----BEGIN PRIV", "ATE KEY-----\nMIIE"]],
    ["a signed token", ["eyJhbGciOiJI", "UzI1NiJ9.eyJzdWIiOiIxMjM0.c2lnbmF0dXJl"]],
    ["a connection string", ["DefaultEndpointsProtocol=https;AccountName=a;Account", "Key=aGVsbG8="]],
    ["a connection string", ["Endpoint=sb://a/;SharedAccess", "Key=aGVsbG8="]],
    ["a connection string", ["Server=db;User Id=orders;Pass", "word=hunter2"]],
    ["an address with a password", ["postgres://orders:hun", "ter2@db/orders"]],
    ["a signed address", ["https://a.blob/c?sv=1&s", "ig=aGVsbG8taGVsbG8taGVsbG8"]],
    ["a token of GitHub", ["ghp", `_${"a1".repeat(18)}`]],
    ["a token of Slack", ["https://hooks.slack.com/ser", "vices/T000/B000/x"]],
    ["a key of AWS", ["AKI", "AIOSFODNN7EXAMPLE"]],
  ])("finds %s under any name", async (what, parts) => {
    const value = parts.join("");
    const found = await check(plain("SETTING", value));
    expect(found).toEqual([expect.stringContaining(`its value looks like ${what}`)]);
    expect(found[0]).not.toContain(value);
  });

  it("reads ConfigMaps", async () => {
    const map = (data: object) => ({ type: "kubernetes:core/v1:ConfigMap", props: { data } });
    expect(await check(map({ LOG_LEVEL: "info" }))).toEqual([]);
    expect(
      await check(map({ DB_PASSWORD: "hunter2", "app.json": '{"db":"Server=a;Password=hunter2"}' })),
    ).toEqual([
      expect.stringContaining("data.DB_PASSWORD is plain"),
      expect.stringContaining("data.app.json is plain"),
    ]);
  });

  it("reads the settings of App Service, where a reference to Key Vault is none", async () => {
    const reference = "@Microsoft.KeyVault(VaultName=atp-kv;SecretName=db)";
    const site = (siteConfig: object) => ({ type: "azure-native:web:WebApp", props: { siteConfig } });
    expect(await check(site({ appSettings: [{ name: "DB_PASSWORD", value: reference }] }))).toEqual([]);
    expect(await check(site({ appSettings: [{ name: "DB_PASSWORD", value: "hunter2" }] }))).toEqual([
      expect.stringContaining("siteConfig.appSettings[0].value is plain"),
    ]);
    expect(
      await check(site({ connectionStrings: [{ name: "orders", connectionString: "hunter2" }] })),
    ).toHaveLength(1);
    const slots = {
      type: "pulumi-nodejs:dynamic/rollouts:SlotRelease",
      props: { staged: { settings: { TOKEN: "x" } } },
    };
    expect(await check(slots)).toEqual([expect.stringContaining("staged.settings.TOKEN is plain")]);
  });

  it("finds what a preview doesn't know", async () => {
    expect(await check(plain("LOG_LEVEL", unknown.string))).toEqual([
      expect.stringContaining("env.0.value is not known"),
    ]);
    const promised = withEnv({ name: "DB_PASSWORD", valueFrom: unknown.object });
    expect(await check(promised)).toEqual([]);
  });

  it("goes by its parameters", async () => {
    expect(await check(plain("ROUTING_KEY"))).toHaveLength(1);
    expect(await check(plain("ROUTING_KEY"), { allow: ["ROUTING_KEY"] })).toEqual([]);
  });
});
