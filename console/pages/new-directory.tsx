import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { act, Refused, type SurveyFacts } from "../api.ts";
import { Act } from "../parts/act.tsx";
import { Columns } from "../parts/columns.tsx";
import { Fault, Page } from "../parts/page.tsx";
import { may, noteRefusal } from "../session.ts";
import { number, people, value, visible } from "../text.ts";

const FIELDS = [
  ["name", "Name, by which mappings and people know it", "corp"],
  ["url", "Address of the server", "ldaps://dc1.example.org"],
  ["bindDn", "Account that reads (a DN, or user@domain; empty: nobody in particular)", ""],
  ["password", "Its password", ""],
  ["base", "Where people are (empty: it is found out)", ""],
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
  const look = (trust: string): void => {
    setBusy(true);
    setError(null);
    setFound(null);
    act<SurveyFacts>("POST", "/surveys", { ...wanted, trust })
      .then(setFound)
      .catch((thrown: unknown) => {
        noteRefusal(thrown);
        setError(thrown as Error);
      })
      .finally(() => setBusy(false));
  };
  if (!may("configuration"))
    return (
      <Page title="Add a directory">
        <p>Administrators add directories.</p>
      </Page>
    );
  return (
    <Page title="Add a directory" isBusy={isBusy}>
      <p>
        The server is asked who is there and what is known of them. Nothing is changed in it, and
        nothing is written before you save.
      </p>
      <WantedForm of={wanted} change={setWanted} look={() => look("")} isBusy={isBusy} />
      {isBusy && <p class="quiet">Looking at the server…</p>}
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
  return (
    <form
      class="stacked"
      onSubmit={(event) => {
        event.preventDefault();
        look();
      }}
    >
      {FIELDS.map(([name, label, placeholder]) => (
        <label key={name}>
          {label}
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
        Encrypt an ldap:// connection (StartTLS)
      </label>
      <button type="submit" disabled={isBusy}>
        Look at it
      </button>
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
            I compared it: trust it
          </button>
        </p>
      )}
    </>
  );
}

const MAPPING_COLUMNS = ["Attribute", "Expression", "Valid for"];

function Found({ of }: { readonly of: SurveyFacts }) {
  const { route } = useLocation();
  const { survey, name, title, type, mappings, preview, missing, remarks } = of;
  const save = async (): Promise<void> => {
    const { directory } = await act<{ directory: string }>("POST", `/surveys/${survey}/save`);
    route(`/console/directories/${encodeURIComponent(directory)}`);
  };
  return (
    <section aria-labelledby="found">
      <h2 id="found">What was found</h2>
      <p>
        {visible(title)} ({type}): {people(of.people)}
        {of.isPart && " or more"}.
      </p>
      <ul>
        {remarks.map((one) => (
          <li key={one}>{visible(one)}</li>
        ))}
        {missing.map((one) => (
          <li key={one}>Nothing was found for {one}, which every directory needs.</li>
        ))}
      </ul>
      <h2>Mappings</h2>
      <table>
        <Columns of={MAPPING_COLUMNS} />
        <tbody>
          {mappings.map((one) => (
            <tr key={one.attribute}>
              <td>{one.attribute}</td>
              <td>
                <code>{one.expression}</code>
              </td>
              <td class="number">
                {number(one.valid)} of {number(one.of)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <h2>Some people, as they would become</h2>
      <Preview of={preview} />
      <h2>What the configuration gets</h2>
      <pre tabIndex={0}>{visible(of.text)}</pre>
      <p class="quiet">
        The password is written to a file of its own, which only the daemon reads. Nothing is
        imported by saving: begin with a dry run on the directory's page, and give it a schedule in
        the configuration.
      </p>
      {missing.length === 0 && <Act label={`Save ${name}`} act={save} />}
    </section>
  );
}

const SHOWN = ["login", "email", "firstName", "lastName"] as const;

function Preview({ of }: { readonly of: SurveyFacts["preview"] }) {
  return (
    <table>
      <Columns of={["Entry", ...SHOWN, "Problems"]} />
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
