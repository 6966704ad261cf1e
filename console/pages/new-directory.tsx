import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { ask, named, Refused, rollcall, type SurveyFacts } from "../api.ts";
import { Act } from "../parts/act.tsx";
import { Button } from "../parts/button.tsx";
import { Columns } from "../parts/columns.tsx";
import { Fault, Page } from "../parts/page.tsx";
import { may, noteRefusal } from "../session.ts";
import { number, people, value, visible } from "../text.ts";
import { say } from "../texts.ts";

const FIELDS = [
  ["name", "corp"],
  ["url", "ldaps://dc1.example.org"],
  ["bindDn", ""],
  ["password", ""],
  ["base", ""],
] as const;

const HIDDEN = { type: "password" } as const;

type Wanted = Readonly<Record<(typeof FIELDS)[number][0], string>> & {
  readonly startTls: boolean;
  readonly trust: string;
};
const NOTHING: Wanted = {
  name: "corp",
  url: "",
  bindDn: "",
  password: "",
  base: "",
  startTls: false,
  trust: "",
};

/** From an address to a directory: it is looked at, shown with ten people as they would become, and saved. */
export function NewDirectory() {
  const [wanted, setWanted] = useState(NOTHING);
  const [found, setFound] = useState<SurveyFacts | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const words = say().newDirectory;
  const look = (trust: string): void => {
    setBusy(true);
    setError(null);
    setFound(null);
    ask(rollcall.surveys.$post({ json: { ...wanted, trust } }))
      .then(setFound)
      .catch((thrown: unknown) => {
        noteRefusal(thrown);
        setError(thrown as Error);
      })
      .finally(() => setBusy(false));
  };
  if (!may("configuration"))
    return (
      <Page title={words.title}>
        <p>{words.administrators}</p>
      </Page>
    );
  return (
    <Page title={words.title} isBusy={isBusy}>
      <p>{words.about}</p>
      <WantedForm of={wanted} change={setWanted} look={() => look("")} isBusy={isBusy} />
      {isBusy && <p class="quiet">{words.looking}</p>}
      {error !== null && <Trouble error={error} trust={look} />}
      {found !== null && <Found of={found} />}
    </Page>
  );
}

function WantedForm({
  of,
  change,
  look,
  isBusy,
}: {
  readonly of: Wanted;
  readonly change: (wanted: Wanted) => void;
  readonly look: () => void;
  readonly isBusy: boolean;
}) {
  const words = say().newDirectory;
  return (
    <form
      class="stacked"
      onSubmit={(event) => {
        event.preventDefault();
        look();
      }}
    >
      {FIELDS.map(([name, placeholder]) => (
        <label key={name}>
          {words.fields[name]}
          <input
            name={name}
            {...(name === "password" && HIDDEN)}
            autocomplete="off"
            required={name === "name" || name === "url"}
            placeholder={placeholder}
            value={of[name]}
            onInput={(event) => change({ ...of, [name]: event.currentTarget.value })}
          />
        </label>
      ))}
      <label>
        <input
          type="checkbox"
          checked={of.startTls}
          onChange={(event) => change({ ...of, startTls: event.currentTarget.checked })}
        />{" "}
        {words.startTls}
      </label>
      <Button type="submit" isOff={isBusy}>
        {words.look}
      </Button>
    </form>
  );
}

/** What went wrong; of a certificate, whether a person trusts what vouches for it. */
function Trouble({
  error,
  trust,
}: {
  readonly error: Error;
  readonly trust: (fingerprint: string) => void;
}) {
  const details = error instanceof Refused ? error.problems.join("\n") : "";
  const [, fingerprint] = /^SHA-256 ([0-9A-F:]+)$/m.exec(details) ?? [];
  return (
    <>
      <Fault error={error} />
      {fingerprint !== undefined && (
        <p>
          SHA-256 <code>{fingerprint}</code>{" "}
          <button type="button" onClick={() => trust(fingerprint)}>
            {say().newDirectory.trust}
          </button>
        </p>
      )}
    </>
  );
}

function Found({ of }: { readonly of: SurveyFacts }) {
  const { route } = useLocation();
  const { common, newDirectory: words } = say();
  const { survey, name, title, type, mappings, preview, missing, remarks } = of;
  const save = async (): Promise<void> => {
    const { directory } = await ask(rollcall.surveys[":survey"].save.$post(named({ survey })));
    route(`/console/directories/${encodeURIComponent(directory)}`);
  };
  return (
    <section aria-labelledby="found">
      <h2 id="found">{words.found}</h2>
      <p>{words.foundPeople(visible(title), type, people(of.people), of.isPart)}</p>
      <ul>
        {remarks.map((one) => (
          <li key={one}>{visible(one)}</li>
        ))}
        {missing.map((one) => (
          <li key={one}>{words.missing(one)}</li>
        ))}
      </ul>
      <h2>{common.mappings}</h2>
      <table>
        <Columns of={[common.attribute, common.expression, words.validFor]} />
        <tbody>
          {mappings.map((one) => (
            <tr key={one.attribute}>
              <td>{one.attribute}</td>
              <td>
                <code>{one.expression}</code>
              </td>
              <td class="number">{common.of(number(one.valid), number(one.of))}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <h2>{words.somePeople}</h2>
      <Preview of={preview} />
      <h2>{words.configuration}</h2>
      <pre tabIndex={0}>{visible(of.text)}</pre>
      <p class="quiet">{words.afterwards}</p>
      {missing.length === 0 && <Act label={words.save(name)} act={save} />}
    </section>
  );
}

const SHOWN = ["login", "email", "firstName", "lastName"] as const;

function Preview({ of }: { readonly of: SurveyFacts["preview"] }) {
  const { entry, problems: troubles } = say().newDirectory;
  return (
    <table>
      <Columns of={[entry, ...SHOWN, troubles]} />
      <tbody>
        {of.map(({ dn, profile, problems }) => (
          <tr key={dn}>
            <td>{visible(dn)}</td>
            {SHOWN.map((one) => (
              <td key={one}>{value(profile[one])}</td>
            ))}
            <td>{problems.length === 0 ? "—" : visible(problems.join("; "))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
