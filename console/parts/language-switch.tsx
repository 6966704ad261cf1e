import { language, LANGUAGES, say, speak } from "../texts.ts";

/** In which language the console speaks. */
export function LanguageSwitch() {
  return (
    <label>
      {say().navigation.language}{" "}
      <select value={language.value} onChange={(event) => speak(event.currentTarget.value)}>
        {Object.entries(LANGUAGES).map(([tag, name]) => (
          <option key={tag} value={tag} lang={tag}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
