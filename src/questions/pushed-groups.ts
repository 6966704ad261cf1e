/** Groups of directories that are pushed to an app, and how far that is. */
import { configuredApp } from "../engine/apps.ts";
import type { Engine } from "../engine/engine.ts";
import { membersByGroup, pushedGroups, type PushedGroup } from "../store/pushed-groups.ts";

export interface PushedGroupView {
  readonly directory: string;
  /** As the directory calls it. */
  readonly group: string;
  /** As the app calls it; null: not pushed yet. */
  readonly name: string | null;
  /** The app's id of it. */
  readonly externalId: string | null;
  /** `waiting`: configured and not pushed yet; `unlinked`: not configured any more, and left there as it is. */
  readonly state: PushedGroup["state"] | "waiting";
  readonly members: number;
  /** Of these, whom the app has not acknowledged yet. */
  readonly unsure: number;
}

/** Those that are configured, in their order, and those that were. */
export async function listPushedGroups(engine: Engine, app: string): Promise<PushedGroupView[]> {
  const { settings } = configuredApp(engine.apps, app);
  const { db } = engine.store;
  const pushed = await pushedGroups(db, app);
  const counts = await membersByGroup(db, app);
  const seen = pushed.map((one): PushedGroupView => {
    const { directory, configured, name, externalId, state, groupId } = one;
    const { members = 0, unsure = 0 } = counts.get(`${directory} ${groupId}`) ?? {};
    return { directory, group: configured, name, externalId, state, members, unsure };
  });
  const waiting = settings.pushGroups
    .filter(({ directory, name }) =>
      seen.every((one) => one.directory !== directory || !isSame(one.group, name)),
    )
    .map(({ directory, name }): PushedGroupView => {
      const nothing = { name: null, externalId: null, members: 0, unsure: 0 } as const;
      return { directory, group: name, state: "waiting", ...nothing };
    });
  const rank = ({ directory, group }: PushedGroupView): number => {
    const at = settings.pushGroups.findIndex(
      (one) => one.directory === directory && isSame(one.name, group),
    );
    return at === -1 ? Infinity : at;
  };
  return [...seen, ...waiting].toSorted((a, b) => rank(a) - rank(b) || 0);
}

/** Directories do not mind the case of names. */
function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
