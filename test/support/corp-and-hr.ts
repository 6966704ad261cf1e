import { SIMPLE_MAPPINGS, simplePerson, Workplace, type RunDocument } from "./rollcall.ts";

/** What `users show --json` prints, as far as tests of two directories look at it. */
export interface ShownUser {
  readonly id: string;
  readonly status: string;
  readonly profile: Readonly<Record<string, unknown>>;
  readonly sources: Readonly<Record<string, string>>;
  readonly appUsers: readonly {
    readonly directory: string;
    readonly status: string;
    readonly error: null | { readonly code: string };
  }[];
}

/** Parts of the configuration, as YAML; what is left out is as most tests need it. */
export interface CorpAndHrOptions {
  readonly profile?: string;
  readonly corp?: string;
  readonly hr?: string;
  /** Of both directories. */
  readonly mappings?: string;
  readonly guard?: string;
}

/** People whose place (`l`) is "gone" are disabled. */
export const DISABLED = "    users: { disabled: { attribute: l, values: [gone] } }\n";

/** For `badge`, an attribute of the profile that tests make unique. */
export const BADGE_MAPPING = "      badge: appuser.employeeNumber\n";

/** Somebody as corp has them, and as hr does: hr knows people by the last name that corp gives them. */
export const inCorp = (name: string, more: Record<string, string> = {}): string =>
  simplePerson(name, { sn: `Test ${name}`, ...more });
export const inHr = (name: string, more: Record<string, string> = {}): string =>
  simplePerson(name, { employeeType: `Test ${name}`, sn: `Test ${name}`, ...more });

/** Two LDIF directories with the same people: corp creates users, hr only joins them. */
export class CorpAndHr {
  readonly place: Workplace;

  private constructor(place: Workplace) {
    this.place = place;
  }

  /** On a Postgres of its own, not configured yet. */
  static async create(): Promise<CorpAndHr> {
    return new CorpAndHr(await Workplace.create("postgres"));
  }

  /** The same, configured and with both files imported. */
  static async start(options: CorpAndHrOptions, corp: string, hr = ""): Promise<CorpAndHr> {
    const both = await CorpAndHr.create();
    both.configure(options);
    await both.files({ corp, hr });
    return both;
  }

  configure({
    profile = "sources: [corp, hr]",
    corp = "",
    hr = DISABLED,
    mappings = "",
    guard = "off",
  }: CorpAndHrOptions): void {
    const { place } = this;
    const file = (name: string): string =>
      `    type: ldif\n    path: ${place.folder}/${name}.ldif\n    importSafeguard: ${guard}\n`;
    place.configure(`directories:
  corp:
${file("corp")}${corp}${SIMPLE_MAPPINGS}${mappings}
  hr:
${file("hr")}    onNoMatch: ignore
    matching: [{ user: lastName, app: appuser.employeeType, onMatch: link }]
${hr}${SIMPLE_MAPPINGS}${mappings}
profile: { ${profile} }
`);
  }

  /** Imports these files, one after another. */
  async files(content: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(content)) {
      this.place.file(`${name}.ldif`, text);
      await this.full(name);
    }
  }

  full(name: string): Promise<RunDocument> {
    return this.place.json<RunDocument>("import", name, "--full");
  }

  show(name: string): Promise<ShownUser> {
    return this.place.json<ShownUser>("users", "show", `${name}@example.org`);
  }
}
