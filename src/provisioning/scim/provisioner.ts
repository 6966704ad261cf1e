/** A SCIM 2.0 server as an app. It learns what the server refuses, and goes another way. */
import { cleanText } from "../../lib/clean-text.ts";
import type { AccountProfile } from "../../model/account.ts";
import type { AppSettings, Capabilities, CapabilityOverrides } from "../../model/app.ts";
import { afterwards, AppFailure } from "../failure.ts";
import type {
  AccountName,
  Acknowledged,
  AppProbe,
  Change,
  MemberChange,
  Provisioner,
  ProvisionerOptions,
  RemoteAccount,
  RemoteGroup,
  Updated,
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
  patchBody,
  userPath,
} from "./requests.ts";
import { laidOver, newResource, notKept, patchOf, profileIn, withActive } from "./resource.ts";
import { Transport, type Question } from "./transport.ts";

const MOST_ID = 512;
/** A server that pages without an end is no server. */
const MOST_PAGES = 100_000;
/** So many pages a server may show that ignores the filter, until the search is given up. */
const MOST_FOUND_PAGES = 100;
/** How often a change is decided anew because somebody else was quicker. */
const CONFLICTS = 3;
/** Values that a server which looks at their form accepts, and that nobody has. */
const NOBODY: Readonly<Record<Wanted["key"], string>> = {
  externalId: "00000000-0000-4000-8000-000000000000",
  userName: "rollcall",
  email: "nobody@rollcall.example",
};

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

  async find(wanted: Wanted): Promise<RemoteAccount[]> {
    const { key, value } = wanted;
    const { filters } = this.capabilities;
    if (!filters.includes(key)) return [];
    const found: RemoteAccount[] = [];
    const isMeant = (resource: JsonObject): boolean => hasValue(resource, wanted);
    try {
      const path = (from: number): string => findPath(key, value, from);
      const search = { most: MOST_FOUND_PAGES, isMeant, isWhole: true };
      for await (const page of this.#pages(path, search)) found.push(...page);
    } catch (thrown) {
      // Of userName every server must know.
      if (key === "userName" || !isUnfiltered(thrown)) throw thrown;
      // Is it the attribute, or only this value?
      if (await this.#knowsFilter(key)) throw thrown;
      this.#learn({ filters: filters.filter((one) => one !== key) });
      return [];
    }
    return found;
  }

  async #knowsFilter(key: Wanted["key"]): Promise<boolean> {
    try {
      await this.#list({ method: "GET", path: findPath(key, NOBODY[key]) });
      return true;
    } catch (thrown) {
      if (isUnfiltered(thrown)) return false;
      throw thrown;
    }
  }

  accounts(): AsyncGenerator<RemoteAccount[]> {
    const all = { most: MOST_PAGES, isMeant: () => true, isWhole: false };
    return this.#pages((from) => listPath(from), all);
  }

  /**
   * Ends at the total that is announced, and at a page that brings nobody new.
   * @param pages.most a server that shows more ignores what it was asked
   * @param pages.isMeant which resources count; of others it does not matter how they look
   * @param pages.isWhole whether somebody who was not shown would be taken for absent
   */
  async *#pages(
    path: (startIndex: number) => string,
    { most, isMeant, isWhole }: Pages,
  ): AsyncGenerator<RemoteAccount[]> {
    const seen = new Set<string>();
    let shown = 0;
    let from = 1;
    for (let page = 0; page < most; page++) {
      const { resources, total } = await this.#list({ method: "GET", path: path(from) });
      const fresh = unseen(resources, seen);
      shown += fresh.length;
      const accounts = fresh.filter(isMeant).map((resource) => this.#account(resource));
      if (accounts.length > 0) yield accounts;
      from += resources.length;
      if (fresh.length === 0 && shown < total) throw this.#endless("the same page again");
      if (from <= total) continue;
      if (isWhole && shown < total) throw this.#endless("some of them twice");
      return;
    }
    throw this.#endless("page after page");
  }

  #endless(what: string): AppFailure {
    const message = `${this.#transport.speaker.url} shows ${what}, and never all that it says it has.`;
    return new AppFailure("senseless", "app.notScim", message);
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
    const said = text.trim() === "" ? "It is empty." : `It begins ${quote(text)}.`;
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
    return {
      externalId,
      active: isActive(resource),
      profile: profileIn(resource, this.#settings.attributes),
      userName: textOf(member(resource, "userName")),
      emails: emailsOf(resource),
      ownId: textOf(member(resource, "externalId")),
    };
  }

  /** Of reasonable length, and without what no database and no address holds. */
  #usableId(resource: JsonObject | null): string | null {
    const id = idOf(resource);
    return id === null || id.length > MOST_ID || cleanText(id) !== id ? null : id;
  }

  async read(externalId: string): Promise<RemoteAccount> {
    const answer = await this.#transport.ask({ method: "GET", path: userPath(externalId) });
    if (answer.json === null || idOf(answer.json) !== externalId)
      throw this.#senseless(answer, "is not the account that was asked for");
    return this.#account(answer.json);
  }

  /** The account, and what proves that it is the one that is meant. */
  async #get({ externalId, ownId, userName }: AccountName): Promise<{
    readonly resource: JsonObject;
    readonly match: Record<string, string>;
  }> {
    const answer = await this.#transport.ask({ method: "GET", path: userPath(externalId) });
    const { json } = answer;
    if (json === null || idOf(json) !== externalId)
      throw this.#senseless(answer, "is not the account that was asked for");
    const name = textOf(member(json, "userName"));
    const isNamed = userName === null || name?.toLowerCase() === userName.toLowerCase();
    // Another app, or one that was set back, may have somebody else under this id.
    if (!isNamed && member(json, "externalId") !== ownId) {
      const message = `The account ${externalId} is ${name ?? "nameless"} there by now, and not ${userName}.`;
      throw new AppFailure("refused", "app.notOurs", message);
    }
    // Every web server sends an ETag; only where it is declared does it mean something.
    const etag = answer.headers["etag"];
    const match: Record<string, string> =
      this.capabilities.etag && etag !== undefined ? { "if-match": etag } : {};
    return { resource: json, match };
  }

  async create(ownId: string, profile: AccountProfile): Promise<Acknowledged> {
    const { attributes } = this.#settings;
    const body = newResource(profile, attributes, ownId);
    const answer = await this.#transport.ask({ method: "POST", path: "/Users", body });
    const externalId = this.#usableId(answer.json);
    if (externalId === null || answer.json === null) {
      const { quote } = this.#transport.speaker;
      const said = answer.text.trim() === "" ? "nothing" : quote(answer.text);
      const message = `Create new user returned empty user: the app answered ${answer.status} without an id, and said ${said}.`;
      throw new AppFailure("senseless", "app.noId", message, { uncertain: true });
    }
    const active = isActive(answer.json);
    return { externalId, active, notKept: notKept(profile, answer.json, attributes) };
  }

  async update(change: Change): Promise<Updated> {
    const { externalId, ownId, profile, removed } = change;
    const { attributes } = this.#settings;
    let had: Updated["had"] = {};
    const answer = await this.#rewrite(change, "update", (before) => {
      had = profileIn(before, attributes);
      return laidOver(before, profile, { attributes, removed, externalId: ownId });
    });
    const common = { externalId, active: true, had };
    if (answer.status === 204) return { ...common, notKept: [] };
    if (answer.json !== null && idOf(answer.json) === externalId)
      return { ...common, notKept: this.#lostOf(change, answer.json) };
    return { ...common, notKept: await this.#keptAfterAll(change, answer) };
  }

  /** Values that the app did not take, and those that it did not give up. */
  #lostOf({ profile, removed }: Change, resource: JsonObject): string[] {
    const { attributes } = this.#settings;
    const stayed = profileIn(resource, attributes);
    const lost = notKept(profile, resource, attributes);
    return [...lost, ...removed.filter((name) => stayed[name] !== undefined)];
  }

  /**
   * A success that does not show the account is believed as far as the account itself shows it.
   * @returns what it did not keep. @throws AppFailure if it kept nothing of it
   */
  async #keptAfterAll(change: Change, answer: Answer): Promise<string[]> {
    const { changed, removed } = change;
    // Whose it is was proven before it was written; by now it may have its new name.
    const after = await afterwards(() => this.#get({ ...change, userName: null }));
    const lost = this.#lostOf(change, after.resource);
    const all = [...changed, ...removed];
    if (all.length > 0 && all.every((name) => lost.includes(name)))
      throw this.#senseless(answer, "is not the account, and the account is as it was");
    return lost;
  }

  async activate(account: AccountName, active: boolean): Promise<void> {
    const { externalId, ownId } = account;
    const answer = await this.#rewrite(account, "activate", (before, way) =>
      withActive(before, active, way === "put" ? ownId : null),
    );
    const isShown = answer.json !== null && idOf(answer.json) === externalId;
    const shown = isShown
      ? (answer.json ?? {})
      : (await afterwards(() => this.#get(account))).resource;
    if (isActive(shown) === active) return;
    const word = active ? "active" : "inactive";
    const message = `The app acknowledged that the account is ${word}, and shows it as ${active ? "inactive" : "active"}.`;
    throw new AppFailure("refused", "app.notKept", message);
  }

  /** Reads, changes and writes; by whichever way the app takes, and again where it changed meanwhile. */
  async #rewrite(
    account: AccountName,
    way: "update" | "activate",
    change: (before: JsonObject, way: "put" | "patch") => JsonObject,
  ): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const { resource, match: headers } = await this.#get(account);
      const path = userPath(account.externalId);
      const method = this.capabilities[way];
      const after = change(resource, method);
      try {
        if (method === "put")
          return await this.#transport.ask({ method: "PUT", path, body: after, headers });
        const operations = patchOf(resource, after);
        if (operations.length === 0) return { status: 200, headers: {}, json: resource, text: "" };
        const body = patchBody(operations);
        return await this.#transport.ask({ method: "PATCH", path, body, headers });
      } catch (thrown) {
        if (!(thrown instanceof AppFailure)) throw thrown;
        if (attempt >= CONFLICTS) throw thrown.kind === "vanished" ? noWay(thrown) : thrown;
        // It was there a moment ago: some servers say so of a way that they do not know.
        if (thrown.kind === "unsupported" || thrown.kind === "vanished")
          this.#learn({ [way]: method === "put" ? "patch" : "put" });
        else if (thrown.kind !== "conflict") throw thrown;
      }
    }
  }

  async delete(account: AccountName): Promise<void> {
    await this.#get(account);
    await this.#transport.ask({ method: "DELETE", path: userPath(account.externalId) });
  }

  async findGroups(name: string): Promise<RemoteGroup[]> {
    const found = new Map<string, RemoteGroup>();
    const seen = new Set<string>();
    let shown = 0;
    let from = 1;
    for (let page = 0; page < MOST_FOUND_PAGES; page++) {
      const question = { method: "GET", path: findGroupPath(name, from) } as const;
      const { resources, total } = await this.#list(question);
      const fresh = unseen(resources, seen);
      shown += fresh.length;
      for (const one of fresh) {
        const externalId = this.#usableId(one);
        if (externalId !== null && member(one, "displayName") === name)
          found.set(externalId, { externalId, ownId: textOf(member(one, "externalId")) });
      }
      from += resources.length;
      if (fresh.length === 0 && shown < total) throw this.#endless("the same page again");
      if (from <= total) continue;
      if (shown < total) throw this.#endless("some of them twice");
      return [...found.values()];
    }
    throw this.#endless("page after page");
  }

  async hasGroup(externalId: string): Promise<boolean> {
    try {
      const path = `${groupPath(externalId)}?excludedAttributes=members`;
      const answer = await this.#transport.ask({ method: "GET", path });
      if (idOf(answer.json) === externalId) return true;
      throw this.#senseless(answer, "is not the group that was asked for");
    } catch (thrown) {
      if (thrown instanceof AppFailure && thrown.kind === "vanished") return false;
      throw thrown;
    }
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
    const shown = await this.#patchGroup(externalId, [operation]);
    const called = shown === null ? undefined : member(shown, "displayName");
    if (typeof called !== "string" || called === name) return;
    const { speaker } = this.#transport;
    throw groupNotKept(`is called ${name}, and shows it as ${speaker.name(called)}`);
  }

  async changeMembers(externalId: string, { add, remove }: MemberChange): Promise<void> {
    const shown = await this.#patchGroup(externalId, memberOperations(add, remove));
    const members = shown === null ? undefined : member(shown, "members");
    if (!Array.isArray(members)) return;
    const there = new Set(members.filter(isObject).map((one) => member(one, "value")));
    // Of those who came nothing is concluded: many servers do not show all.
    const stayed = remove.find((one) => there.has(one));
    if (stayed !== undefined) throw groupNotKept(`lost the member ${stayed}, and still shows it`);
  }

  /** @returns the group, if the answer shows it */
  async #patchGroup(
    externalId: string,
    operations: readonly JsonObject[],
  ): Promise<JsonObject | null> {
    const path = groupPath(externalId);
    const body = patchBody(operations);
    const { json } = await this.#transport.ask({ method: "PATCH", path, body });
    return idOf(json) === externalId ? json : null;
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

/** The account is there, and no way of changing it. */
function noWay({ message, appSaid, status }: AppFailure): AppFailure {
  const facts = { appSaid, status, uncertain: true };
  return new AppFailure("senseless", "app.notScim", message, facts);
}

function groupNotKept(what: string): AppFailure {
  const message = `The app acknowledged that the group ${what}.`;
  return new AppFailure("refused", "app.notKept", message);
}

interface Pages {
  readonly most: number;
  readonly isMeant: (resource: JsonObject) => boolean;
  readonly isWhole: boolean;
}

/** Those that no page before had. */
function unseen(resources: readonly JsonObject[], seen: Set<string>): JsonObject[] {
  return resources.filter((one) => {
    const id = idOf(one);
    if (id === null) return true;
    const isNew = !seen.has(id);
    seen.add(id);
    return isNew;
  });
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function emailsOf(resource: JsonObject): string[] {
  const emails = member(resource, "emails");
  // Some write the only one without a list.
  const list = Array.isArray(emails) ? emails : [emails];
  return list.flatMap((one) => textOf(isObject(one) ? member(one, "value") : one) ?? []);
}

/** Some servers find more than was asked for, or everybody. */
function hasValue(resource: JsonObject, { key, value }: Wanted): boolean {
  switch (key) {
    case "externalId":
      return member(resource, "externalId") === value;
    case "userName":
      return textOf(member(resource, "userName"))?.toLowerCase() === value.toLowerCase();
    case "email":
      return emailsOf(resource).some((one) => one.toLowerCase() === value.toLowerCase());
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
