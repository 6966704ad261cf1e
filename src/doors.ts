/** Where the daemon is asked: health, metrics and the API, as far as they are configured. */
import { createApi, type Api } from "./api/api.ts";
import type { ApiContext, Face } from "./api/context.ts";
import { ApiLimits } from "./api/limits.ts";
import { loadConsole } from "./http/console.ts";
import { startHttp, startMetrics, type Answering } from "./http/server.ts";
import type { EditConfiguration } from "./model/configuration-edit.ts";
import type { SchedulerLog } from "./schedule/log.ts";
import { SearchPreparation } from "./search-preparation.ts";
import { Offers, type Service } from "./service.ts";

export interface Doors extends AsyncDisposable {
  /** Answers by this service from now on; what is being answered is answered by the one before. */
  use(service: Service): void;
}

/** What an opened door is given. */
export interface Opening {
  readonly log: SchedulerLog;
  readonly faceOf: (service: Service) => Face;
  readonly edit: EditConfiguration;
  readonly signal: AbortSignal;
}

/** What stays when the service is exchanged: what still works for requests, and who asked how often. */
export type SharedByApis = Pick<ApiContext, "running" | "limits" | "offers">;

/** The API of a service that may be exchanged. */
export class ExchangedApi implements AsyncDisposable, Answering {
  readonly #create: (service: Service, shared: SharedByApis) => Api;
  readonly #shared: SharedByApis = {
    running: new Set(),
    limits: new ApiLimits(),
    offers: new Offers(),
  };
  #now: Api;

  constructor(service: Service, create: (service: Service, shared: SharedByApis) => Api) {
    this.#create = create;
    this.#now = create(service, this.#shared);
  }

  use(service: Service): void {
    this.#now = this.#create(service, this.#shared);
  }

  fetch(request: Request, bindings?: unknown): Response | Promise<Response> {
    return this.#now.fetch(request, bindings);
  }

  async mayRead(request: Request, bindings: unknown): Promise<Response | null> {
    return await this.#now.mayRead(request, bindings);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#shared.running);
  }
}

/** Opens what is configured; it is closed in the order in which it stands. */
export async function openDoors(service: Service, opening: Opening): Promise<Doors> {
  const apis: ExchangedApi[] = [];
  const open: AsyncDisposable[] = [];
  const preparation = new SearchPreparation(opening);
  const doors: Doors = {
    use: (next) => {
      for (const api of apis) api.use(next);
      preparation.begin(next);
    },
    [Symbol.asyncDispose]: async () => {
      for (const door of open) await door[Symbol.asyncDispose]();
      // What still works for requests ends after the last connection, and before the database closes.
      for (const api of apis) await api[Symbol.asyncDispose]();
    },
  };
  try {
    // The embedded database serves one process: commands beside it come through this door.
    if (service.settings.database.url === null) {
      const { openLocalDoor } = await import("./local-door.ts");
      const local = await openLocalDoor(service, opening);
      open.push(...local.doors);
      apis.push(local.api);
    }
    await openHttp(service, opening, { apis, open });
    preparation.begin(service);
    return doors;
  } catch (thrown) {
    await doors[Symbol.asyncDispose]();
    throw thrown;
  }
}

async function openHttp(
  service: Service,
  { log, faceOf, edit, signal: stopping }: Opening,
  { apis, open }: { readonly apis: ExchangedApi[]; readonly open: AsyncDisposable[] },
): Promise<void> {
  const { http } = service.settings;
  if (http === null) return;
  let address = "";
  const baseUrl = (): string => http.publicUrl ?? address;
  const api = new ExchangedApi(service, (one, shared) =>
    createApi(one, {
      ...shared,
      isLocal: false,
      baseUrl,
      stopping,
      log,
      edit: one.settings.http?.isWritable === true ? edit : null,
      ...faceOf(one),
    }),
  );
  apis.push(api);
  if (http.metrics !== null) {
    const metrics = await startMetrics(service, http.metrics);
    open.push(metrics);
    log.info({ address: metrics.address }, "metrics");
  }
  const mayRead = (request: Request, bindings: unknown): Promise<Response | null> =>
    api.mayRead(request, bindings);
  const offered = http.api ? api : null;
  const console = http.api && http.console ? await loadConsole() : null;
  const server = await startHttp(service, http, { api: offered, console, mayRead }, stopping);
  open.push(server);
  ({ address } = server);
  const where = console === null ? "off" : `${baseUrl()}/console/`;
  log.info({ address, api: http.api ? baseUrl() : "off", console: where }, "health and metrics");
}
