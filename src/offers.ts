/**
 * What was proposed to an administrator over the network, until it is saved. Passwords stay here: they are
 * asked for once, and told to nobody. Nothing is looked at but servers, so that nobody reads files by it.
 */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { certificateOf } from "./agent/ldap/certificate.ts";
import {
  changesSources,
  proposedDirectory,
  withDirectory,
  type Access,
} from "./config/proposed.ts";
import { directoryNameFault } from "./config/semantics.ts";
import { isPrivate } from "./lib/is-private.ts";
import { uuidV7 } from "./lib/uuid.ts";
import type { ConfigurationChange } from "./model/configuration-edit.ts";
import { RollcallError } from "./model/errors.ts";
import type { Proposal } from "./model/proposal.ts";
import type { Settings } from "./model/settings.ts";
import { surveyDirectory } from "./survey/survey.ts";
import { refuseOddAddress, serverTarget } from "./survey/target.ts";

export interface OfferAsked {
  /** What the directory will be called. */
  readonly name: string;
  readonly url: string;
  readonly startTls: boolean;
  /** Null: nobody in particular. */
  readonly bindDn: string | null;
  readonly password: string;
  /** Where people are; null: to be found out. */
  readonly base: string | null;
  /** SHA-256 of what vouches for the certificate, once a person has compared it. */
  readonly trust: string | null;
}

export interface Offer {
  readonly id: string;
  readonly name: string;
  readonly proposal: Proposal;
  /** What the configuration would get, as it is written. */
  readonly text: string;
}

interface KeptOffer extends Offer {
  /** Only to whoever asked for it. */
  readonly caller: string;
  readonly until: number;
  readonly change: ConfigurationChange;
}

/** Of the environment, as a configuration names one. */
const VARIABLE = /\$\{[A-Za-z_]/;

/** Whoever waits in a browser waits no longer; `init` does. */
const LONGEST_MS = 3 * 60_000;

function tooSlow(): RollcallError {
  const message =
    "The server took longer than three minutes; `init` waits for as long as it takes.";
  return new RollcallError("survey.tooSlow", message);
}

const KEPT_MS = 15 * 60_000;
const MOST_KEPT = 20;

export class Offers {
  #kept: readonly KeptOffer[] = [];
  #isLooking = false;

  /**
   * Looks at a server, and proposes how to read it.
   * @param caller who asks
   * @throws RollcallError `usage.invalid`, `ldap.certificate` with what vouches for it, and what reading may say
   */
  async look(
    asked: OfferAsked,
    settings: Settings,
    { caller, signal }: { readonly caller: string; readonly signal: AbortSignal },
  ): Promise<Offer> {
    refuseName(asked.name, settings);
    refuseOddAddress(asked.url, asked.startTls);
    const { password: _, ...shown } = asked;
    if (VARIABLE.test(JSON.stringify(shown))) {
      const message =
        "What stands in the configuration cannot hold ${…}, which is a variable there.";
      throw new RollcallError("usage.invalid", message);
    }
    if (asked.bindDn !== null && asked.password === "")
      // RFC 4513 section 5.1.2: a server may take it for nobody in particular.
      throw new RollcallError("usage.invalid", "An account needs its password.");
    if (/^\ufeff|[\r\n\0]/.test(asked.password))
      throw new RollcallError(
        "usage.invalid",
        "A password is one line, without signs nobody sees.",
      );
    if (this.#isLooking)
      throw new RollcallError("survey.busy", "A server is being looked at already.");
    this.#isLooking = true;
    const tired = new AbortController();
    const timer = setTimeout(() => tired.abort(tooSlow()), LONGEST_MS);
    try {
      const until = AbortSignal.any([signal, tired.signal]);
      return await this.#look(asked, settings, { caller, signal: until });
    } finally {
      clearTimeout(timer);
      this.#isLooking = false;
    }
  }

  async #look(
    asked: OfferAsked,
    settings: Settings,
    { caller, signal }: { readonly caller: string; readonly signal: AbortSignal },
  ): Promise<Offer> {
    const { name, base } = asked;
    const ca = await trusted(asked, signal);
    const target = serverTarget({ ...asked, ca });
    const of = { target, base };
    const proposal = await surveyDirectory({
      of,
      directory: name,
      signal,
      progress: () => undefined,
    });
    const kept = filesOf(asked, ca, settings.file);
    for (const file of kept.files) refuseLeftOver(file);
    const isFurther = settings.directories.size > 0;
    const offer: KeptOffer = {
      id: uuidV7(),
      name,
      proposal,
      text: proposedDirectory(proposal, kept.access, isFurther),
      caller,
      until: Date.now() + KEPT_MS,
      change: {
        to: (before) => {
          const text = withDirectory(before, proposal, kept.access);
          const further = changesSources(before, text) ? ["profile.sources"] : [];
          return { text, paths: [`directories.${name}`, ...further] };
        },
        files: kept.files,
      },
    };
    this.#kept = [...this.#good(), offer].slice(-MOST_KEPT);
    return offer;
  }

  /** The change that saves it. @throws RollcallError `survey.notFound`, `survey.incomplete` */
  changeOf(
    id: string,
    caller: string,
  ): { readonly name: string; readonly change: ConfigurationChange } {
    const offer = this.#good().find((one) => one.id === id && one.caller === caller);
    if (offer === undefined)
      throw new RollcallError("survey.notFound", `Nothing is kept of the survey ${id}.`);
    const { missing } = offer.proposal;
    if (missing.length > 0) {
      const message = `Nothing was found for ${missing.join(", ")}, which every directory needs.`;
      throw new RollcallError("survey.incomplete", message);
    }
    return offer;
  }

  /** It is saved. */
  forget(id: string): void {
    this.#kept = this.#good().filter((one) => one.id !== id);
  }

  #good(): KeptOffer[] {
    return this.#kept.filter(({ until }) => until > Date.now());
  }
}

function refuseName(name: string, { directories, apps }: Settings): void {
  const fault = directoryNameFault(name);
  if (fault !== null) throw new RollcallError("usage.invalid", `${name}: ${fault}.`);
  if (directories.has(name) || apps.has(name))
    throw new RollcallError("usage.invalid", `The configuration has ${name} already.`);
}

/** The certificate of what vouches for a server, where a person trusts it; null: the system does. */
async function trusted(
  { url, trust }: Pick<OfferAsked, "url" | "trust">,
  signal: AbortSignal,
): Promise<string | null> {
  if (!/^ldaps:/i.test(url)) return null;
  const { isTrusted, subject, issuer, until, authority } = await certificateOf(url, signal);
  if (isTrusted) return null;
  if (!authority.isRoot) {
    const message = `The certificate of ${url} is vouched for by ${issuer}, which the system does not trust and the server does not show. Put its certificate into a file, and use \`init --ca\`.`;
    throw new RollcallError("ldap.certificate", message);
  }
  const bare = (text: string): string => text.replaceAll(":", "").toLowerCase();
  if (trust !== null && bare(trust) === bare(authority.fingerprint)) return authority.pem;
  const message = `The certificate of ${url}, for ${subject} and until ${until}, is vouched for by ${authority.subject}, which the system does not trust. Compare its fingerprint with the one that the server's administrators name.`;
  const details = [`SHA-256 ${authority.fingerprint}`];
  throw new RollcallError("ldap.certificate", message, { details });
}

/** @throws RollcallError `usage.invalid` if a file of this name is there, with something else in it */
function refuseLeftOver({ path, text }: ConfigurationChange["files"][number]): void {
  if (!existsSync(path) || isPrivate(path, text)) return;
  const message = `${path} is there already, with something else in it: remove it, or give the directory another name.`;
  throw new RollcallError("usage.invalid", message);
}

/** Secrets and certificates stand beside the configuration, which only names them. */
function filesOf(
  { name, url, startTls, bindDn, password }: OfferAsked,
  ca: string | null,
  configuration: string,
): { readonly access: Access; readonly files: ConfigurationChange["files"] } {
  const beside = (what: string): string => join(dirname(resolve(configuration)), `${name}-${what}`);
  const passwordFile = bindDn === null ? null : { path: beside("password"), text: password };
  const caFile = ca === null ? null : { path: beside("ca.pem"), text: ca };
  return {
    access: {
      name,
      url,
      path: null,
      startTls,
      ca: caFile?.path ?? null,
      bindDn,
      passwordFile: passwordFile?.path ?? null,
    },
    files: [passwordFile, caFile].filter((file) => file !== null),
  };
}
