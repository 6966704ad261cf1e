/** What can be said of the groups of a directory: members of whom nobody was read. */
import type { Engine } from "../engine/engine.ts";
import { memberNames } from "../model/members.ts";
import { presentAfter } from "../store/app-users.ts";
import { countMemberships, countMembershipsOf } from "../store/objects.ts";

const PAGE = 2000;

/**
 * People of another domain, contacts and what a conflict of replication left over are members, and
 * nobody for Rollcall; so are people outside the bases or the filter. Who is missed in an app by a
 * group finds it here.
 */
export async function groupRemarks({ store: { db } }: Engine, name: string): Promise<string[]> {
  const { all, ofGroups } = await countMemberships(db, name);
  let known = ofGroups;
  for (let after = ""; known < all;) {
    const people = await presentAfter(db, name, after, PAGE);
    const last = people.at(-1);
    if (last === undefined) break;
    after = last.externalId;
    const keys = people.flatMap(({ externalId, dn, profile }) => {
      return memberNames(externalId, dn, profile).keys;
    });
    known += await countMembershipsOf(db, name, keys);
  }
  if (known >= all) return [];
  const whoever = "people outside the bases or the filter, of another domain, contacts";
  const text = `${all - known} of ${all} memberships in groups name nobody that was read (${whoever})`;
  return [text];
}
