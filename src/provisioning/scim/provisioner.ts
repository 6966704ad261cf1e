/** A SCIM 2.0 server as an app. It learns what the server refuses, and goes another way. */
import type { AccountProfile } from "../../model/account.ts";
import type { AppSettings, Capabilities, CapabilityOverrides } from "../../model/app.ts";
import { AppFailure } from "../failure.ts";
import type {
  Acknowledged,
  AppProbe,
  Change,
  MemberChange,
  Provisioner,
  ProvisionerOptions,
  RemoteAccount,
  Wanted,
} from "../provisioner.ts";
import {
  idOf,
  isActive,
  isObject,
  listOf,
  member,
  type Answer,
  type JsonObject,
} from "./answer.ts";
import { capabilitiesOf, declaredBy } from "./capabilities.ts";
import {
  findGroupPath,
  findPath,
  groupPath,
  listPath,
  memberOperations,
  newGroup,
  PAGE,
  patchBody,
  userPath,
} from "./requests.ts";
import { laidOver, newResource, notKept, patchOf, profileIn, withActive } from "./resource.ts";
import { Transport, type Question } from "./transport.ts";

const MOST_ID = 512;
/** A server that pages without an end is no server. */
const MOST_PAGES = 100_000;
/** How often a change is decided anew because somebody else was quicker. */
const CONFLICTS = 3;

export class ScimProvisioner implements Provisioner {
  readonly #settings: AppSettings;
  readonly #transport: Transport;
  readonly #declared: CapabilityOverrides | null;
  #learned: CapabilityOverrides;
  #isNew = false;

  constructor(settings: AppSettings, { declared, learned, onPause }: ProvisionerOptions) {
    this.#settings = settings;
    this.#declared = declared;
    this.#learned = learned;
    this.#transport = new Transport(settings.target, this.capabilities.atOnce, onPause);
  }

  get capabilities(): Capabilities {
    const known = { declared: this.#declared, learned: this.#learned };
    return capabilitiesOf(this.#settings.target, known);
  }

  get learned(): CapabilityOverrides | null {
    return this.#isNew ? this.#learned : null;
  }

  #learn(what: CapabilityOverrides): void {
    this.#learned = { ...this.#learned, ...what };
    this.#isNew = true;
  }

  async probe(): Promise<AppProbe> {
    const { total } = await this.#list({ method: "GET", path: listPath(1, 2) }, asTest);
    return { server: this.#transport.speaker.url, declared: await this.#discover(), users: total };
  }

  /** Servers without this are good servers, too. */
  async #discover(): Promise<CapabilityOverrides | null> {
    try {
      const { json } = await this.#transport.ask({ method: "GET", path: "/ServiceProviderConfig" });
      return json === null ? null : declaredBy(json);
    } catch (thrown) {
      if (thrown instanceof AppFailure) return null;
      throw thrown;
    }
  }

  async find({ key, value }: Wanted): Promise<RemoteAccount[]> {
    const { filters } = this.capabilities;
    if (!filters.includes(key)) return [];
    const found: RemoteAccount[] = [];
    try {
      for await (const page of this.#pages((from) => findPath(key, value, from)))
        found.push(...page.filter((account) => hasValue(account, { key, value })));
    } catch (thrown) {
      // Of userName every server must know.
      if (key === "userName" || !isUnfiltered(thrown)) throw thrown;
      this.#learn({ filters: filters.filter((one) => one !== key) });
      return [];
    }
    return found;
  }

  accounts(): AsyncGenerator<RemoteAccount[]> {
    return this.#pages((from) => listPath(from));
  }

  /** Ends at the total that is announced, and at a page that brings nobody new. */
  async *#pages(path: (startIndex: number) => string): AsyncGenerator<RemoteAccount[]> {
    const seen = new Set<string>();
    let from = 1;
    for (let page = 0; page < MOST_PAGES; page++) {
      const { resources, total } = await this.#list({ method: "GET", path: path(from) });
      const accounts = resources.map((resource) => this.#account(resource));
      const fresh = accounts.filter(({ externalId }) => !seen.has(externalId));
      for (const { externalId } of fresh) seen.add(externalId);
      if (fresh.length > 0) yield fresh;
      from += resources.length;
      if (fresh.length === 0 || from > total || (total <= PAGE && seen.size >= total)) return;
    }
  }

  async #list(
    question: Question,
    meaning: (failure: AppFailure) => AppFailure = (failure) => failure,
  ): Promise<{ readonly resources: JsonObject[]; readonly total: number }> {
    const answer = await this.#transport.ask(question).catch((thrown: unknown) => {
      if (thrown instanceof AppFailure) throw meaning(notThere(thrown));
      throw thrown;
    });
    const list = listOf(answer.json);
    if (list === null) throw this.#senseless(answer, "is no list of SCIM resources");
    return list;
  }

  #senseless({ status, text }: Answer, fault: string): AppFailure {
    const { url, quote } = this.#transport.speaker;
    const said = text.trim() === "" ? "It is empty." : `It begins ${quote(text.slice(0, 200))}.`;
    const message = `The answer of ${url} (${status}) ${fault}. ${said}`;
    return new AppFailure("senseless", "app.notScim", message, { status, uncertain: true });
  }

  /** @throws AppFailure `app.notScim` if it has no usable id */
  #account(resource: JsonObject): RemoteAccount {
    const externalId = this.#usableId(resource);
    if (externalId === null) {
      const message = "The app has an account without an id that can be used.";
      throw new AppFailure("senseless", "app.notScim", message);
    }
    const emails = member(resource, "emails");
    const list = Array.isArray(emails) ? emails.filter(isObject) : [];
    return {
      externalId,
      active: isActive(resource),
      profile: profileIn(resource, this.#settings.attributes),
      userName: textOf(member(resource, "userName")),
      emails: list.flatMap((one) => textOf(member(one, "value")) ?? []),
      ownId: textOf(member(resource, "externalId")),
    };
  }

  /** Of reasonable length, and without what no database and no address holds. */
  #usableId(resource: JsonObject | null): string | null {
    const id = idOf(resource);
    if (id === null || id.length > MOST_ID || this.#transport.speaker.name(id) !== id) return null;
    return id;
  }

  async read(externalId: string): Promise<RemoteAccount> {
    return this.#account((await this.#get(externalId)).resource);
  }

  async #get(
    externalId: string,
  ): Promise<{ readonly resource: JsonObject; readonly match: Record<string, string> }> {
    const answer = await this.#transport.ask({ method: "GET", path: userPath(externalId) });
    if (answer.json === null || idOf(answer.json) !== externalId)
      throw this.#senseless(answer, "is not the account that was asked for");
    // Every web server sends an ETag; only where it is declared does it mean something.
    const etag = answer.headers["etag"];
    const match: Record<string, string> =
      this.capabilities.etag && etag !== undefined ? { "if-match": etag } : {};
    return { resource: answer.json, match };
  }

  async create(ownId: string, profile: AccountProfile): Promise<Acknowledged> {
    const { attributes } = this.#settings;
    const body = newResource(profile, attributes, ownId);
    const answer = await this.#transport.ask({ method: "POST", path: "/Users", body });
    const externalId = this.#usableId(answer.json);
    if (externalId === null || answer.json === null) {
      const { quote } = this.#transport.speaker;
      const said = answer.text.trim() === "" ? "nothing" : quote(answer.text.slice(0, 200));
      const message = `Create new user returned empty user: the app answered ${answer.status} without an id, and said ${said}.`;
      throw new AppFailure("senseless", "app.noId", message, { uncertain: true });
    }
    return { externalId, notKept: notKept(profile, answer.json, attributes) };
  }

  async update(change: Change): Promise<Acknowledged> {
    const { externalId, ownId, profile, removed } = change;
    const { attributes } = this.#settings;
    const answer = await this.#rewrite(externalId, "update", (before) =>
      laidOver(before, profile, { attributes, removed, externalId: ownId }),
    );
    if (answer.status === 204) return { externalId, notKept: [] };
    if (answer.json !== null && idOf(answer.json) === externalId)
      return { externalId, notKept: notKept(profile, answer.json, attributes) };
    return { externalId, notKept: await this.#keptAfterAll(change, answer) };
  }

  /**
   * A success that does not show the account is believed as far as the account itself shows it.
   * @returns what it did not keep. @throws AppFailure if it kept nothing of it
   */
  async #keptAfterAll({ externalId, profile, changed }: Change, answer: Answer): Promise<string[]> {
    const { attributes } = this.#settings;
    const { resource } = await this.#get(externalId);
    const lost = notKept(profile, resource, attributes);
    if (changed.length > 0 && changed.every((name) => lost.includes(name)))
      throw this.#senseless(answer, "is not the account, and the account is as it was");
    return lost;
  }

  async activate(
    { externalId, ownId }: { readonly externalId: string; readonly ownId: string },
    active: boolean,
  ): Promise<void> {
    const answer = await this.#rewrite(externalId, "activate", (before) =>
      withActive(before, active, ownId),
    );
    const isShown = answer.json !== null && idOf(answer.json) === externalId;
    const shown = isShown ? (answer.json ?? {}) : (await this.#get(externalId)).resource;
    if (isActive(shown) === active) return;
    const word = active ? "active" : "inactive";
    const message = `The app acknowledged that the account is ${word}, and shows it as ${active ? "inactive" : "active"}.`;
    throw new AppFailure("refused", "app.notKept", message);
  }

  /** Reads, changes and writes; by whichever way the app takes, and again where it changed meanwhile. */
  async #rewrite(
    externalId: string,
    way: "update" | "activate",
    change: (before: JsonObject) => JsonObject,
  ): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const { resource, match: headers } = await this.#get(externalId);
      const after = change(resource);
      const path = userPath(externalId);
      const method = this.capabilities[way];
      try {
        if (method === "put")
          return await this.#transport.ask({ method: "PUT", path, body: after, headers });
        const operations = patchOf(resource, after);
        if (operations.length === 0) return { status: 200, headers: {}, json: resource, text: "" };
        const body = patchBody(operations);
        return await this.#transport.ask({ method: "PATCH", path, body, headers });
      } catch (thrown) {
        if (!(thrown instanceof AppFailure) || attempt >= CONFLICTS) throw thrown;
        if (thrown.kind === "unsupported")
          this.#learn({ [way]: method === "put" ? "patch" : "put" });
        else if (thrown.kind !== "conflict") throw thrown;
      }
    }
  }

  async delete(externalId: string): Promise<void> {
    try {
      await this.#transport.ask({ method: "DELETE", path: userPath(externalId) });
    } catch (thrown) {
      // Whoever is not there any more is deleted.
      if (!(thrown instanceof AppFailure) || thrown.kind !== "vanished") throw thrown;
    }
  }

  async findGroups(name: string): Promise<string[]> {
    const { resources } = await this.#list({ method: "GET", path: findGroupPath(name) });
    const same = resources.filter((one) => member(one, "displayName") === name);
    return same.flatMap((one) => this.#usableId(one) ?? []);
  }

  async createGroup(name: string, ownId: string): Promise<string> {
    const body = newGroup(name, ownId);
    const answer = await this.#transport.ask({ method: "POST", path: "/Groups", body });
    const id = this.#usableId(answer.json);
    if (id === null) throw this.#senseless(answer, "is no group with an id");
    return id;
  }

  async renameGroup(externalId: string, name: string): Promise<void> {
    const operation = { op: "replace", path: "displayName", value: name };
    await this.#patchGroup(externalId, [operation]);
  }

  async changeMembers(externalId: string, { add, remove }: MemberChange): Promise<void> {
    await this.#patchGroup(externalId, memberOperations(add, remove));
  }

  async #patchGroup(externalId: string, operations: readonly JsonObject[]): Promise<void> {
    const path = groupPath(externalId);
    await this.#transport.ask({ method: "PATCH", path, body: patchBody(operations) });
  }

  pauseUntil(at: number): void {
    this.#transport.pauseUntil(at);
  }

  stop(reason: AppFailure): void {
    this.#transport.stop(reason);
  }

  endIn(milliseconds: number): void {
    this.#transport.endIn(milliseconds);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport[Symbol.asyncDispose]();
  }
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** Some servers find more than was asked for, or everybody. */
function hasValue(account: RemoteAccount, { key, value }: Wanted): boolean {
  switch (key) {
    case "externalId":
      return account.ownId === value;
    case "userName":
      return account.userName?.toLowerCase() === value.toLowerCase();
    case "email":
      return account.emails.some((one) => one.toLowerCase() === value.toLowerCase());
  }
}

/** Whether a server refuses to filter by an attribute, and says nothing of accounts. */
function isUnfiltered(thrown: unknown): boolean {
  if (!(thrown instanceof AppFailure)) return false;
  return thrown.kind === "unsupported" || (thrown.kind === "refused" && thrown.status === 400);
}

/** Of a list, 404 says that there is no such list, and nothing of accounts. */
function notThere(failure: AppFailure): AppFailure {
  if (failure.kind !== "vanished") return failure;
  const { message, appSaid, status } = failure;
  return new AppFailure("senseless", "app.notScim", message, { appSaid, status });
}

/** At the test call, what is refused is the credential. */
function asTest(failure: AppFailure): AppFailure {
  if (failure.status !== 403) return failure;
  const { message, appSaid, status } = failure;
  return new AppFailure("credential", "app.credentials", message, { appSaid, status });
}
