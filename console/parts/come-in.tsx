/** Who may come in: people by a link, programs by a token. */
import { useState } from "preact/hooks";
import { ask, rollcall, type Me } from "../api.ts";
import { say } from "../texts.ts";
import { MadeOnce } from "./made-once.tsx";

type Role = Me["role"];

const OF_PEOPLE = ["viewer", "helpdesk", "operator", "admin"] as const satisfies readonly Role[];
const OF_PROGRAMS = ["source", ...OF_PEOPLE] as const;

/** A link that signs somebody in once. */
export function Invite() {
  const [role, setRole] = useState<(typeof OF_PEOPLE)[number]>("viewer");
  const words = say().settings;
  return (
    <MadeOnce
      button={words.invite}
      title={words.inviteTitle}
      verb={words.inviteVerb}
      about={words.inviteAbout}
      make={async () => (await ask(rollcall["sign-in-links"].$post({ json: { role } }))).url}
    >
      <Roles of={OF_PEOPLE} role={role} change={setRole} />
    </MadeOnce>
  );
}

export function NewToken({ made }: { readonly made: () => void }) {
  const [role, setRole] = useState<(typeof OF_PROGRAMS)[number]>("viewer");
  const [name, setName] = useState("");
  const [expires, setExpires] = useState("90d");
  const { common, settings: words } = say();
  const make = async (): Promise<string> => {
    const limited = expires === "" ? {} : { expires };
    const json = { name: name.trim(), role, ...limited };
    const { token } = await ask(rollcall.tokens.$post({ json }));
    made();
    return token;
  };
  return (
    <MadeOnce
      button={words.newToken}
      title={words.newTokenTitle}
      verb={words.newTokenVerb}
      about={words.newTokenAbout}
      make={make}
    >
      <label>
        {common.name}
        <input required value={name} onInput={(event) => setName(event.currentTarget.value)} />
      </label>
      <Roles of={OF_PROGRAMS} role={role} change={setRole} />
      <label>
        {words.expires}
        <input value={expires} onInput={(event) => setExpires(event.currentTarget.value)} />
      </label>
    </MadeOnce>
  );
}

interface RolesProps<One extends Role> {
  readonly of: readonly One[];
  readonly role: One;
  readonly change: (role: One) => void;
}

function Roles<One extends Role>({ of, role, change }: RolesProps<One>) {
  return (
    <label>
      {say().common.role}
      <select onChange={({ currentTarget }) => change(of[currentTarget.selectedIndex] ?? role)}>
        {of.map((one) => (
          <option key={one} selected={one === role}>
            {one}
          </option>
        ))}
      </select>
    </label>
  );
}
