import { configJsonSchema } from "../../src/config/schema.ts";
import { FUNCTIONS, signature } from "../../src/mapping/functions.ts";
import { ERRORS } from "../../src/model/error-catalogue.ts";

export interface GeneratedFile {
  readonly file: string;
  readonly content: string;
}

const BEGIN = "<!-- functions: generated -->";
const END = "<!-- end of functions -->";

/** Files, or parts of files, that follow from the code. */
export function generated(read: (file: string) => string): GeneratedFile[] {
  const mappings = "docs/03-mappings.md";
  return [
    {
      file: "config/rollcall.schema.json",
      content: `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
    },
    { file: "docs/07-errors.md", content: errorsPage() },
    { file: mappings, content: withFunctions(read(mappings)) },
  ];
}

function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { what, cure }]) => `### \`${code}\`\n\n${what}\n\n**What to do:** ${cure}\n`,
  );
  return `# 7. Errors\n\nEvery error has a code, tells what happened, and what to do. This page is generated from the catalogue\nin \`src/model/error-catalogue.ts\` (\`npm run generate\`). Codes that administrators of Okta's profile\nsourcing know are used for the same causes.\n\n${rows.join("\n")}`;
}

function withFunctions(page: string): string {
  const rows = [...FUNCTIONS.values()].map(
    (one) => `| \`${signature(one)}\` | ${one.returns} | ${one.describe} |`,
  );
  const table = `| function | gives | what |\n|---|---|---|\n${rows.join("\n")}`;
  const [before = "", rest = ""] = page.split(BEGIN);
  const [, after = ""] = rest.split(END);
  return `${before}${BEGIN}\n${table}\n${END}${after}`;
}
