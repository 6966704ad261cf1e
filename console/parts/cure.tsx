/** What helps, as a link where a page of the console does it, else as the command that does. */
import type { FindingFacts } from "../api.ts";
import { say } from "../texts.ts";

type Remedy = NonNullable<FindingFacts["remedy"]>;

interface Place {
  readonly href: string;
  readonly label: string;
}

type Of<Kind extends Remedy["kind"]> = Extract<Remedy, { readonly kind: Kind }>;

/** What a page of the console does; whatever is not here is told as a command. */
const PLACES: { readonly [Kind in Remedy["kind"]]?: (remedy: Of<Kind>) => Place } = {
  addDirectory: () => ({ href: "/console/new-directory", label: say().cures.addFirst }),
  showRun: ({ run, counted }) => ({
    href: `/console/runs/${run}${counted === true ? "?counted=true" : ""}`,
    label: say().cures.showRun,
  }),
  showPush: ({ push }) => ({ href: `/console/runs/${push}`, label: say().cures.showPush }),
  import: ({ directory }) => placeOfDirectory(directory),
  forceSync: ({ directory }) => placeOfDirectory(directory),
  listFailing: () => ({ href: "/console/tasks", label: say().cures.showFailing }),
  listUnmatched: ({ directory }) => ({
    href: `/console/results${directory === undefined ? "" : `?directory=${directory}`}`,
    label: say().cures.decide,
  }),
  listTasks: () => ({ href: "/console/tasks", label: say().cures.tasks }),
  showApp: ({ app }) => placeOfApp(app),
  forceSyncApp: ({ app }) => placeOfApp(app),
  preview: ({ directory, who }) => ({
    href: `/console/directories/${directory}/mappings${who === undefined ? "" : `?user=${encodeURIComponent(who)}`}`,
    label: say().cures.tryMapping,
  }),
  explain: ({ who }) => ({
    href: `/console/people/${encodeURIComponent(who)}`,
    label: say().cures.showPerson,
  }),
};

function placeOfDirectory(directory: string): Place {
  return { href: `/console/directories/${directory}`, label: say().cures.goToDirectory };
}

function placeOfApp(app: string): Place {
  return { href: `/console/apps/${encodeURIComponent(app)}`, label: say().cures.showApp };
}

function placeOf(remedy: Remedy): Place | null {
  const find = PLACES[remedy.kind] as ((remedy: Remedy) => Place) | undefined;
  return find?.(remedy) ?? null;
}

export function Cure({
  remedy,
  command,
}: {
  readonly remedy: Remedy | null;
  readonly command: string | null;
}) {
  const place = remedy === null ? null : placeOf(remedy);
  if (place !== null) return <a href={place.href}>{place.label}</a>;
  return command === null ? null : <code>{command}</code>;
}
