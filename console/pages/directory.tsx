import { useLocation, useRoute } from "preact-iso";
import { ask, type DirectoryFacts, given, named, rollcall, type RunFacts } from "../api.ts";
import { useAsked } from "../asked.ts";
import { begin, type RunRequest } from "../begun.ts";
import { news } from "../live.ts";
import { Act } from "../parts/act.tsx";
import { Cure } from "../parts/cure.tsx";
import { DirectoryPeople } from "../parts/directory-people.tsx";
import { List } from "../parts/list.tsx";
import { Page, Shown } from "../parts/page.tsx";
import { runColumns, RunRow } from "../parts/run-row.tsx";
import { Test } from "../parts/test.tsx";
import { When } from "../parts/when.tsx";
import { may } from "../session.ts";
import { value, visible } from "../text.ts";
import { say } from "../texts.ts";

/** One directory: how current it is, what may be done, how it is set, what happened. */
export function Directory() {
  const { directory = "" } = useRoute().params;
  const { route } = useLocation();
  const latest = news();
  const { common, directory: words } = say();
  const facts = useAsked(
    () => ask(rollcall.directories[":directory"].$get(named({ directory }))),
    directory,
    latest,
  );
  const start = (request: RunRequest) => async (): Promise<void> => {
    const { run } = await begin(request);
    route(`/console/runs/${run}`);
  };
  return (
    <Page
      title={directory}
      isBusy={facts.isBusy}
      actions={
        may("run") && (
          <>
            <Act label={words.importNow} act={start({ kind: "import", directory })} />
            <Act label={words.tryImport} act={start({ kind: "import", directory, dryRun: true })} />
            <Act
              label={common.forceSyncDryFirst}
              act={start({ kind: "force-sync", directory, dryRun: true })}
            />
          </>
        )
      }
    >
      <Shown of={facts}>{(one) => <Facts of={one} />}</Shown>
      <h2>{words.import}</h2>
      <List<RunFacts>
        ask={(after) => ask(rollcall.runs.$get({ query: given({ directory, limit: 20, after }) }))}
        about={directory}
        news={latest}
        caption={words.runsOf(directory)}
        columns={runColumns()}
        empty={words.nothingYet}
        keyOf={({ run }) => run}
        Row={RunRow}
      />
      <DirectoryPeople directory={directory} news={latest} />
    </Page>
  );
}

function scheduleOf({ schedule, watch }: DirectoryFacts): string {
  const words = say().directory;
  const { full, incremental, timezone } = schedule;
  const parts = [
    ...(incremental === null ? [] : [words.incremental(incremental)]),
    ...(full === null ? [] : [words.full(full)]),
    ...(watch ? [words.listens] : []),
  ];
  return parts.length === 0 ? words.noSchedule : `${parts.join(", ")} (${timezone})`;
}

function Facts({ of: one }: { readonly of: DirectoryFacts }) {
  const { common, directory: words } = say();
  return (
    <>
      {one.problem !== null && (
        <p class="note">
          {one.problem} <Cure remedy={one.remedy} command={one.command} />
        </p>
      )}
      <h2>{words.toOkta}</h2>
      <dl>
        <dt>{common.type}</dt>
        <dd>
          {one.type} {may("run") && <Test key={one.directory} of={one.directory} />}
        </dd>
        <dt>{common.lastRead}</dt>
        <dd>
          <When at={one.readAt} />
        </dd>
        <dt>{words.schedule}</dt>
        <dd>{scheduleOf(one)}</dd>
        <dt>{words.whoeverLeaves}</dt>
        <dd>{one.onRemoval}</dd>
        <dt>{words.whoeverMatchesNobody}</dt>
        <dd>{one.onNoMatch}</dd>
        <dt>{words.mappings}</dt>
        <dd>
          <a href={`/console/directories/${one.directory}/mappings`}>
            {words.mappingsLink(one.mappings)}
          </a>
        </dd>
        <dt>{words.safeguard}</dt>
        <dd>
          {Object.entries(one.importSafeguard)
            .map(([name, limit]) => `${name}: ${value(limit)}`)
            .join(", ")}
        </dd>
      </dl>
      <h2>{words.agents}</h2>
      <dl>
        <dt>{words.lastServer}</dt>
        <dd>{one.server === null ? words.nobodyWorks : visible(one.server)}</dd>
        <dt>{words.worksNow}</dt>
        <dd>{one.isClaimed ? (one.claimedBy ?? words.aProcess) : words.nobodyWorks}</dd>
      </dl>
    </>
  );
}
