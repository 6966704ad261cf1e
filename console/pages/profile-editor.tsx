import { ask, askOktaOne, type DirectoryFacts, rollcall, type SourceFacts } from "../api.ts";
import { useAsked } from "../asked.ts";
import { Columns } from "../parts/columns.tsx";
import { Page, Shown } from "../parts/page.tsx";
import { Scroll } from "../parts/scroll.tsx";
import { Sources } from "../parts/sources.tsx";
import { number } from "../text.ts";
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
    () => ask(rollcall.directories.$get({ query: { limit: "100" } })),
    "directories",
  );
  const sources = useAsked(
    () => ask(rollcall.sources.$get({ query: { limit: "1000" } })),
    "sources",
  );
  const isBusy = schema.isBusy || directories.isBusy || sources.isBusy;
  return (
    <Page title={say().navigation.profile} isBusy={isBusy}>
      <section aria-labelledby="sources">
        <h2 id="sources">{say().profileEditor.sources}</h2>
        <Shown of={sources}>{({ items }) => <Sources of={items} again={sources.again} />}</Shown>
      </section>
      <Shown of={schema}>
        {({ definitions }) =>
          (["custom", "base"] as const).map((part) => (
            <div key={part}>
              <h2>{say().profileEditor[part]}</h2>
              <Attributes
                caption={say().profileEditor[part]}
                of={definitions[part].properties}
                required={definitions[part].required ?? []}
                directories={directories.answer?.items ?? []}
                sources={sources.answer?.items ?? []}
              />
            </div>
          ))
        }
      </Shown>
    </Page>
  );
}

function Attributes({
  caption,
  of,
  required,
  directories,
  sources,
}: {
  readonly caption: string;
  readonly of: Readonly<Record<string, Property>>;
  readonly required: readonly string[];
  readonly directories: readonly DirectoryFacts[];
  readonly sources: readonly SourceFacts[];
}) {
  const names = Object.entries(of);
  const { common, profileEditor: words } = say();
  if (names.length === 0) return <p class="quiet">{words.none}</p>;
  return (
    <Scroll label={caption}>
      <table>
        <Columns
          of={[
            common.attribute,
            words.title,
            common.type,
            words.limits,
            words.mappedBy,
            words.givenBy,
          ]}
        />
        <tbody>
          {names.map(([name, property]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{property.title}</td>
              <td class="word">{property.type}</td>
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
              <td>{givenBy(name, sources)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** How many people have it from where. */
function givenBy(attribute: string, sources: readonly SourceFacts[]): string {
  const { given } = say().profileEditor;
  return sources
    .flatMap(({ source, attributes }) => {
      const count = attributes[attribute];
      return count === undefined ? [] : [given(source, number(count))];
    })
    .join(", ");
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
