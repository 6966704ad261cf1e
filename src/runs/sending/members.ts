/** The members of a pushed group on their way to the app: in chunks, each on record before it is sent. */
import type { MemberStep } from "../../engine/accounts/memberships.ts";
import { AppFailure } from "../../provisioning/failure.ts";
import {
  noteMembers,
  noteMembersInDoubt,
  type PushedGroup,
  type PushedMember,
} from "../../store/pushed-groups.ts";
import { noteRemovals } from "../../store/pushes.ts";
import { write } from "../record/write.ts";
import type { PushContext } from "./context.ts";

/** A group that the app has. */
export type ActiveGroup = PushedGroup & { readonly externalId: string };

/**
 * Tells the app who comes and who goes. A chunk that is refused is halved, until it is clear who is refused.
 * @returns those whom the app refuses
 */
export async function sendMembers(
  context: PushContext,
  group: ActiveGroup,
  steps: readonly MemberStep[],
): Promise<PushedMember[]> {
  const coming = steps.filter(({ comes }) => comes);
  const going = steps.filter(({ comes }) => !comes);
  const ids = (members: readonly PushedMember[]): string[] => members.map((one) => one.externalId);
  await write(context, (trx) => noteMembersInDoubt(trx, group, steps.map(named)));
  try {
    await context.provisioner.changeMembers(group.externalId, {
      add: ids(coming),
      remove: ids(going),
    });
  } catch (thrown) {
    if (!(await isAboutMembers(context, group, thrown))) throw thrown;
    if (steps.length > 1) return await sendHalves(context, group, steps);
    // The app need not know whoever is not there any more.
    if (going[0]?.isGone !== true) return await noteRefused(context, group, { coming, going });
    await noteTold(context, group, { coming: [], going });
    return [];
  }
  await noteTold(context, group, { coming, going });
  return [];
}

function named({ userId, externalId }: PushedMember): PushedMember {
  return { userId, externalId };
}

async function sendHalves(
  context: PushContext,
  group: ActiveGroup,
  steps: readonly MemberStep[],
): Promise<PushedMember[]> {
  const middle = Math.ceil(steps.length / 2);
  return [
    ...(await sendMembers(context, group, steps.slice(0, middle))),
    ...(await sendMembers(context, group, steps.slice(middle))),
  ];
}

interface Sides {
  readonly coming: readonly PushedMember[];
  readonly going: readonly PushedMember[];
}

/** Whoever was refused did not become a member; whoever could not be removed still is one. */
async function noteRefused(
  context: PushContext,
  group: ActiveGroup,
  { coming, going }: Sides,
): Promise<PushedMember[]> {
  const refused = coming.map(({ userId }) => userId);
  const known = { added: going.map(named), removed: refused };
  await write(context, (trx) => noteMembers(trx, group, known));
  return [...coming, ...going];
}

async function noteTold(
  context: PushContext,
  group: ActiveGroup,
  { coming, going }: Sides,
): Promise<void> {
  const removed = going.map(({ userId }) => userId);
  await write(context, async (trx) => {
    await noteMembers(trx, group, { added: coming.map(named), removed });
    if (removed.length > 0) await noteRemovals(trx, context.run.id, group.name, removed);
  });
}

/** Whether a chunk was refused for somebody in it, and not because groups are refused at all. */
async function isAboutMembers(
  { provisioner }: PushContext,
  { externalId }: ActiveGroup,
  thrown: unknown,
): Promise<boolean> {
  if (!(thrown instanceof AppFailure)) return false;
  if (thrown.kind === "vanished") return await provisioner.hasGroup(externalId);
  return thrown.kind === "refused" && thrown.status !== 403;
}
