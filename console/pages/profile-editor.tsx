import { ask, askOktaOne, type DirectoryFacts, type PageOf } from "../api.ts";
import { useAsked } from "../asked.ts";
import { Columns } from "../parts/columns.tsx";
import { Page, Shown } from "../parts/page.tsx";

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
    <Page title="Profile Editor" isBusy={schema.isBusy || directories.isBusy}>
      <Shown of={schema}>
        {({ definitions }) =>
          (["custom", "base"] as const).map((part) => (
            <section key={part} aria-labelledby={part}>
              <h2 id={part}>{part === "base" ? "Base attributes" : "Custom attributes"}</h2>
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
  if (names.length === 0) return <p class="quiet">There are none.</p>;
  return (
    <table>
      <Columns of={["Attribute", "Title", "Type", "Limits", "Mapped by"]} />
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
  const parts = [
    ...(isRequired ? ["required"] : []),
    ...(unique === undefined ? [] : ["unique"]),
    ...(minLength ? [`at least ${minLength}`] : []),
    ...(maxLength ? [`at most ${maxLength}`] : []),
  ];
  return parts.join(", ");
}
