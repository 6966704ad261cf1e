import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { actOkta } from "../api.ts";
import { Confirm } from "./confirm.tsx";
import { say } from "../texts.ts";

/** What everybody has; the rest is added on the person's own page. */
const FIELDS = ["firstName", "lastName", "email", "login"] as const;

type Values = Readonly<Record<(typeof FIELDS)[number], string>>;
const NOBODY: Values = { firstName: "", lastName: "", email: "", login: "" };

/** Adds somebody whom no directory has. */
export function NewPerson() {
  const { route } = useLocation();
  const [values, setValues] = useState<Values | null>(null);
  const words = say().peoplePage;
  const add = async ({ login, ...others }: Values): Promise<void> => {
    const profile = { ...others, login: login === "" ? others.email : login };
    await actOkta("/users", { profile });
    route(`/console/people/${encodeURIComponent(profile.login)}`);
  };
  return (
    <>
      <button type="button" onClick={() => setValues(NOBODY)}>
        {words.add}
      </button>
      {values !== null && (
        <Confirm
          title={words.addTitle}
          verb={words.addVerb}
          count={null}
          act={() => add(values)}
          close={() => setValues(null)}
        >
          <p>{words.addAbout}</p>
          {FIELDS.map((name) => (
            <label key={name}>
              {words.fields[name]}
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
