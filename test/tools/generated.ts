import type { ApiContext } from "../../src/api/context.ts";
import { Gate, type Surroundings } from "../../src/api/gate.ts";
import { openApiDocument, rollcallApi } from "../../src/api/rollcall/rollcall-api.ts";
import { ROLLCALL_API } from "../../src/api/rollcall/route.ts";
import { configJsonSchema } from "../../src/config/schema.ts";
import {
  methodSignature,
  signature,
  type ExpressionFunction,
} from "../../src/mapping/functions/definition.ts";
import { CHAPTERS, METHODS } from "../../src/mapping/functions/table.ts";
import { cureInCommands } from "../../src/cli/cure.ts";
import { ERRORS } from "../../src/model/error-catalogue.ts";
import { EXAMPLE_CONTEXT } from "./expression-context.ts";

export interface GeneratedFile {
  readonly file: string;
  readonly content: string;
}

/** Between these marks, by name. */
const begin = (part: string): string => `<!-- ${part}: generated -->`;
const end = (part: string): string => `<!-- end of ${part} -->`;

/** Files, or parts of files, that follow from the code. */
export function generated(read: (file: string) => string): GeneratedFile[] {
  const language = "docs/12-expressions.md";
  return [
    {
      file: "config/rollcall.schema.json",
      content: `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
    },
    { file: "docs/07-errors.md", content: errorsPage() },
    { file: language, content: withLanguage(read(language)) },
    { file: "docs/openapi.json", content: `${JSON.stringify(apiDocument(), null, 2)}\n` },
    { file: API_PAGE, content: withRoutes(read(API_PAGE)) },
  ];
}

const API_PAGE = "docs/15-api.md";

/** The document of Rollcall's API; to describe it, it need not work. */
function apiDocument() {
  const nothing: unknown = { service: {}, words: {}, running: new Set() };
  const context = nothing as ApiContext;
  return openApiDocument(rollcallApi(context, new Gate(context.service, nothing as Surroundings)));
}

/** The table of routes, by what they are about. */
function withRoutes(page: string): string {
  const routes = Object.entries(apiDocument().paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Described>).map(([method, described]) => {
      return { method: method.toUpperCase(), path: path.replace(ROLLCALL_API, ""), ...described };
    }),
  );
  const tables = [...Map.groupBy(routes, ({ tags }) => tags[0] ?? "")].map(([tag, own]) => {
    const rows = own.map(({ method, path, summary, description = "" }) => {
      const permission = /`(.*)`/.exec(description)?.[1] ?? "none";
      return `| \`${method} ${path}\` | ${summary} | ${permission} |`;
    });
    return `### ${tag}\n\n| | | permission |\n|---|---|---|\n${rows.join("\n")}`;
  });
  return replacePart(page, "routes", tables.join("\n\n"));
}

interface Described {
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
}

function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { what }]) => `### \`${code}\`\n\n${what}\n\n**What to do:** ${cureInCommands(code)}\n`,
  );
  return `# 7. Errors\n\nEvery error has a code, tells what happened, and what to do. This page is generated from the catalogue\nin \`src/model/error-catalogue.ts\` (\`npm run generate\`). Codes that administrators of Okta's profile\nsourcing know are used for the same causes.\n\n${rows.join("\n")}`;
}

function withLanguage(page: string): string {
  const chapters = CHAPTERS.map(
    ([title, functions]) => `### ${title}\n\n${tableOf(functions, signature)}`,
  );
  const methods = `### Methods\n\nThe newer dialect writes functions behind the value. Of null they give what the table above says of null.\n\n${tableOf([...METHODS.values()], methodSignature)}`;
  const context = `\`\`\`json\n${JSON.stringify(EXAMPLE_CONTEXT, null, 2)}\n\`\`\``;
  const functions = [...chapters, methods].join("\n\n");
  return replacePart(replacePart(page, "functions", functions), "context", context);
}

function tableOf<F extends ExpressionFunction>(
  functions: readonly F[],
  write: (one: F) => string,
): string {
  const rows = functions.map((one) => {
    const examples = one.examples.map(
      ([expression, value]) => `${code(expression)} → ${code(JSON.stringify(value))}`,
    );
    return `| ${code(write(one))} | ${one.returns} | ${one.describe} | ${examples.join("<br>")} |`;
  });
  return `| function | gives | what | example |\n|---|---|---|---|\n${rows.join("\n")}`;
}

function code(text: string): string {
  return `\`${text.replaceAll("|", "\\|")}\``;
}

function replacePart(page: string, part: string, content: string): string {
  const [before = "", rest = ""] = page.split(begin(part));
  const [, after = ""] = rest.split(end(part));
  return `${before}${begin(part)}\n${content}\n${end(part)}${after}`;
}
