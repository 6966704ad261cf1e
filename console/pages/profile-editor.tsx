import { ask, askOktaOne, type DirectoryFacts, type PageOf } from "../api.ts";
import { useAsked } from "../asked.ts";
import { Columns } from "../parts/columns.tsx";
import { Page, Shown } from "../parts/page.tsx";
import { say } from "../texts.ts";

/** A property of a profile as Okta's API describes one (JSON Schema). */
interface Property {
  readonly title: string;
  readonly type: string;
  readonly required?: boolean;
  readonly unique?: string;
  readonly minLength?: number | null;
  readonly maxLength?: number | null;
}

interface Schema {
  readonly definitions: Readonly<
    Record<
      "base" | "custom",
      {
        readonly properties: Readonly<Record<string, Property>>;
        readonly required?: readonly string[];
      }
    >
  >;
}

/** What profiles have, and which directories map something to it. */
export function ProfileEditor() {
  const schema = useAsked(() => askOktaOne<Schema>("/meta/schemas/user/default"), "schema");
  const directories = useAsked(
    () => ask<PageOf<DirectoryFacts>>("/directories", { limit: 100 }),
    "directories",
  );
  return (
    <Page title={say().navigation.profile} isBusy={schema.isBusy || directories.isBusy}>
      <Shown of={schema}>
        {({ definitions }) =>
          (["custom", "base"] as const).map((part) => (
            <section key={part} aria-labelledby={part}>
              <h2 id={part}>{say().profileEditor[part]}</h2>
              <Attributes
                of={definitions[part].properties}
                required={definitions[part].required ?? []}
                directories={directories.answer?.items ?? []}
              />
            </section>
          ))
        }
      </Shown>
    </Page>
  );
}

function Attributes({
  of,
  required,
  directories,
}: {
  readonly of: Readonly<Record<string, Property>>;
  readonly required: readonly string[];
  readonly directories: readonly DirectoryFacts[];
}) {
  const names = Object.entries(of);
  const { common, profileEditor: words } = say();
  if (names.length === 0) return <p class="quiet">{words.none}</p>;
  return (
    <table>
      <Columns of={[common.attribute, words.title, common.type, words.limits, words.mappedBy]} />
      <tbody>
        {names.map(([name, property]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{property.title}</td>
            <td>{property.type}</td>
            <td>{limitsOf(property, required.includes(name))}</td>
            <td>
              {directories
                .filter(({ toOkta }) => toOkta.some(({ attribute }) => attribute === name))
                .map(({ directory }) => (
                  <a key={directory} href={`/console/directories/${directory}/mappings`}>
                    {directory}{" "}
                  </a>
                ))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function limitsOf({ minLength, maxLength, unique }: Property, isRequired: boolean): string {
  const words = say().profileEditor;
  const parts = [
    ...(isRequired ? [words.required] : []),
    ...(unique === undefined ? [] : [words.unique]),
    ...(minLength ? [words.atLeast(minLength)] : []),
    ...(maxLength ? [words.atMost(maxLength)] : []),
  ];
  return parts.join(", ");
}
