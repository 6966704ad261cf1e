/** A workplace with a directory of people in a file, and an app on a scripted SCIM server. */
import { simplePerson, Workplace, type DatabaseKind, type Result } from "./rollcall.ts";
import { ScriptedScim } from "./scripted-scim.ts";

export interface PushDocument {
  readonly run: string;
  readonly app: string;
  readonly kind: string;
  readonly status: string;
  readonly dryRun?: boolean;
  readonly counts: Record<string, number>;
  readonly held: null | Record<string, unknown>;
  readonly error: null | { readonly code: string; readonly message: string };
  readonly changes?: readonly Record<string, unknown>[];
}

export interface AssignmentDocument {
  readonly login: string;
  readonly userId: string;
  readonly externalId: string | null;
  readonly syncState: string;
  readonly [key: string]: unknown;
}

export type PeopleOptions = {
  readonly people: readonly string[];
  readonly groups?: readonly string[];
} & Readonly<Record<string, unknown>>;

export class AppPlace {
  readonly place: Workplace;
  readonly scim: ScriptedScim;
  /** The app's lines in the configuration, besides type, url and auth. */
  app = APP;
  /** Another server than the scripted one. */
  target: { readonly url: string; readonly token: string } | null = null;
  /** The directory's and everything else's. */
  directory = "";

  private constructor(place: Workplace, scim: ScriptedScim) {
    this.place = place;
    this.scim = scim;
  }

  static async create(kind: DatabaseKind): Promise<AppPlace> {
    return new AppPlace(await Workplace.create(kind), await ScriptedScim.start());
  }

  configure(app: string = this.app): void {
    this.app = app;
    this.place.configure(`
importSafeguard: off
directories:
  corp:
    type: ldif
    path: ${this.place.folder}/people.ldif
    importSafeguard: off
    toOkta:
      login: appuser.mail
      email: appuser.mail
      firstName: appuser.givenName
      lastName: appuser.sn
      displayName: 'appuser.givenName + " " + appuser.sn'
      title: appuser.title
      department: appuser.departmentNumber
      costCenter: appuser.carLicense
      managerId: appuser.manager
${this.directory}
apps:
  dx:
    type: scim
    url: ${this.target?.url ?? this.scim.url}
    auth: { bearer: ${this.target?.token ?? "secret-token-of-dx"} }
${this.app}`);
  }

  /** Configures, imports, and is ready to push. */
  async start(options: PeopleOptions): Promise<void> {
    this.configure();
    await this.import(options);
  }

  /** @param groups records of groups, as LDIF */
  async import({ people, groups = [], ...others }: PeopleOptions): Promise<Result> {
    const entries = people.map((name) =>
      simplePerson(name, {
        mail: `${name}@example.org`,
        ...(others[name] as Record<string, string> | undefined),
      }),
    );
    this.place.file("people.ldif", entries.join("") + groups.join(""));
    return await this.place.run("import", "corp", "--full");
  }

  async push(...args: string[]): Promise<PushDocument> {
    return await this.json<PushDocument>("push", "dx", ...args);
  }

  async json<T = Record<string, unknown>>(...args: string[]): Promise<T> {
    return await this.place.json<T>(...args);
  }

  async run(...args: string[]): Promise<Result> {
    return await this.place.run(...args);
  }

  async assignments(): Promise<Map<string, AssignmentDocument>> {
    const all = await this.json<AssignmentDocument[]>("apps", "assignments", "dx", "--all");
    return new Map(all.map((one) => [one.login, one]));
  }

  async remove(): Promise<void> {
    await this.scim[Symbol.asyncDispose]();
    this.place.remove();
  }
}

const APP = `
    provisioning: { create: true, update: true, deactivate: true }
    assign: [everyone]
`;
