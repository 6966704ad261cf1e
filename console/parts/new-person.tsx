import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { actOkta } from "../api.ts";
import { Confirm } from "./confirm.tsx";

/** What everybody has; the rest is added on the person's own page. */
const FIELDS = [
  ["firstName", "First name"],
  ["lastName", "Last name"],
  ["email", "E-mail"],
  ["login", "Login (empty: the e-mail address)"],
] as const;

type Values = Readonly<Record<(typeof FIELDS)[number][0], string>>;
const NOBODY: Values = { firstName: "", lastName: "", email: "", login: "" };

/** Adds somebody whom no directory has. */
export function NewPerson() {
  const { route } = useLocation();
  const [values, setValues] = useState<Values | null>(null);
  const add = async ({ login, ...others }: Values): Promise<void> => {
    const profile = { ...others, login: login === "" ? others.email : login };
    await actOkta("/users", { profile });
    route(`/console/people/${encodeURIComponent(profile.login)}`);
  };
  return (
    <>
      <button type="button" onClick={() => setValues(NOBODY)}>
        Add a person…
      </button>
      {values !== null && (
        <Confirm
          title="Add a person"
          verb="Add"
          count={null}
          act={() => add(values)}
          close={() => setValues(null)}
        >
          <p>For people whom no directory has. They are active at once, and are edited here.</p>
          {FIELDS.map(([name, label]) => (
            <label key={name}>
              {label}
              <input
                name={name}
                autocomplete="off"
                required={name !== "login"}
                value={values[name]}
                onInput={(event) => setValues({ ...values, [name]: event.currentTarget.value })}
              />
            </label>
          ))}
        </Confirm>
      )}
    </>
  );
}
