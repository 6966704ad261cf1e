/** The web console: a client of the public API, in the browser of whoever signed in. */
import { render, type ComponentType } from "preact";
import { LocationProvider, Route, Router, useLocation, useRoute } from "preact-iso";
import { listen, pause, paused } from "./live.ts";
import { Application } from "./pages/application.tsx";
import { Applications } from "./pages/applications.tsx";
import { Dashboard } from "./pages/dashboard.tsx";
import { Directories } from "./pages/directories.tsx";
import { Directory } from "./pages/directory.tsx";
import { ImportResults } from "./pages/import-results.tsx";
import { Mappings } from "./pages/mappings.tsx";
import { NewDirectory } from "./pages/new-directory.tsx";
import { People } from "./pages/people.tsx";
import { Person } from "./pages/person.tsx";
import { ProfileEditor } from "./pages/profile-editor.tsx";
import { Run } from "./pages/run.tsx";
import { Runs } from "./pages/runs.tsx";
import { Settings } from "./pages/settings.tsx";
import { SignedOut } from "./pages/signed-out.tsx";
import { SystemLog } from "./pages/system-log.tsx";
import { Tasks } from "./pages/tasks.tsx";
import { Act } from "./parts/act.tsx";
import { LanguageSwitch } from "./parts/language-switch.tsx";
import { Page } from "./parts/page.tsx";
import { begin, me, signOut } from "./session.ts";
import { say } from "./texts.ts";
import { showTimes, tick, TIMES, times } from "./times.ts";
import "./style.css";

const PLACES = [
  ["/console/", "dashboard"],
  ["/console/directories", "directories"],
  ["/console/apps", "applications"],
  ["/console/people", "people"],
  ["/console/runs", "runs"],
  ["/console/results", "results"],
  ["/console/tasks", "tasks"],
  ["/console/profile", "profile"],
  ["/console/logs", "logs"],
  ["/console/settings", "settings"],
] as const;

/** A page of another person, run or app is another page: nothing that was begun in one goes on in the other. */
function apart(Inner: ComponentType): ComponentType {
  return function Apart() {
    return <Inner key={JSON.stringify(useRoute().params)} />;
  };
}

const MappingsPage = apart(Mappings);
const ApplicationPage = apart(Application);
const DirectoryPage = apart(Directory);
const PersonPage = apart(Person);
const RunPage = apart(Run);

function Navigation() {
  const { path } = useLocation();
  const isHere = (place: string): boolean =>
    place === "/console/" ? place.startsWith(path) : path.startsWith(place);
  return (
    <nav aria-label="Rollcall">
      <strong>Rollcall</strong>
      <ul>
        {PLACES.map(([href, name]) => (
          <li key={href}>
            <a href={href} aria-current={isHere(href) ? "page" : undefined}>
              {say().navigation[name]}
            </a>
          </li>
        ))}
      </ul>
      <Switches />
      <Act label={say().common.signOut} act={signOut} />
    </nav>
  );
}

/** How every page is shown. */
function Switches() {
  const { navigation } = say();
  return (
    <div class="switches">
      <label>
        {navigation.times}{" "}
        <select value={times.value} onChange={(event) => showTimes(event.currentTarget.value)}>
          {TIMES.map((as) => (
            <option key={as} value={as}>
              {navigation.timesAs[as]}
            </option>
          ))}
        </select>
      </label>
      <LanguageSwitch />
      <label>
        <input
          type="checkbox"
          checked={!paused.value}
          onChange={(event) => pause(!event.currentTarget.checked)}
        />{" "}
        {navigation.liveUpdates}
      </label>
    </div>
  );
}

function NotFound() {
  const { nothingHere, noAddress, goToDashboard } = say().navigation;
  return (
    <Page title={nothingHere}>
      <p>{noAddress(<a href="/console/">{goToDashboard}</a>)}</p>
    </Page>
  );
}

/** Whether the address can be read; somebody may have cut it within a sign. */
function isAddress(path: string): boolean {
  try {
    return decodeURIComponent(path) !== "";
  } catch {
    return false;
  }
}

function Console() {
  if (me.value === undefined) return <p class="quiet">{say().common.loading}</p>;
  if (me.value === null) return <SignedOut />;
  if (!isAddress(location.pathname)) return <NotFound />;
  return (
    <LocationProvider scope="/console">
      <Navigation />
      <Router>
        <Route path="/console/" component={Dashboard} />
        <Route path="/console/directories" component={Directories} />
        <Route path="/console/new-directory" component={NewDirectory} />
        <Route path="/console/directories/:directory" component={DirectoryPage} />
        <Route path="/console/directories/:directory/mappings" component={MappingsPage} />
        <Route path="/console/apps" component={Applications} />
        <Route path="/console/apps/:app" component={ApplicationPage} />
        <Route path="/console/people" component={People} />
        <Route path="/console/people/:who" component={PersonPage} />
        <Route path="/console/runs" component={Runs} />
        <Route path="/console/runs/:run" component={RunPage} />
        <Route path="/console/results" component={ImportResults} />
        <Route path="/console/tasks" component={Tasks} />
        <Route path="/console/profile" component={ProfileEditor} />
        <Route path="/console/logs" component={SystemLog} />
        <Route path="/console/settings" component={Settings} />
        <Route default component={NotFound} />
      </Router>
    </LocationProvider>
  );
}

await begin();
tick();
if (me.value !== null) listen();
render(<Console />, document.body);
