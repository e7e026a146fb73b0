// The live page: takes each snapshot to the parts that show it, and each press of a button to the server.

import type { Snapshot, StatusDocument } from "../io/admin/documents.ts";
import { askStacks, command, messageOf, textOf } from "./control.ts";
import { buttonById, byId, setChildren, setClass, setText } from "./elements.ts";
import { isAnotherServer } from "./figures.ts";
import { FiguresView } from "./figures-view.ts";
import { clockText, dayText, timeText } from "./format.ts";
import { Lane } from "./lane.ts";
import { IncidentList, showConnections, SlowList } from "./lists.ts";
import { type Refusal, SnapshotStream } from "./snapshot-stream.ts";

type Trouble = "gone" | "refused" | "broken";

const figures = new FiguresView();
const slow = new SlowList();
const incidents = new IncidentList();
const lanes = new Map<number, Lane>();
let last: Snapshot | undefined;
/** How many workers there are at least, by what came last: a snapshot, or the answer to a press. */
let least = 1;
/** What keeps the page from telling what is so now, until a snapshot has been shown again. */
let trouble: Trouble | undefined;

function show(snapshot: Snapshot): void {
  const { status, at } = snapshot;
  if (last !== undefined && last.status.version !== status.version) {
    location.reload(); // This is the page of the version before, which knows no other documents.
    return;
  }
  if (last !== undefined && isAnotherServer(last, snapshot)) {
    lanes.clear();
    say(`The server was started anew at ${clockText(Date.parse(status.startedAt))}.`);
  }
  last = snapshot;
  least = status.workersLeast;
  showServer(status);
  figures.update(snapshot);
  showLanes(status, at);
  slow.update(snapshot);
  incidents.update(status);
  showConnections(status);
  trouble = undefined;
  showAlert("");
}

function showServer(status: StatusDocument): void {
  const { application, ready, reason, state } = status;
  setText(byId("application"), application);
  setText(byId("state"), ready ? state : (reason ?? state));
  setClass(byId("state"), `pill ${ready ? "good" : "warn"}`);
  setTitle(ready ? state : "not ready");
  const facts = [
    ...status.listeners,
    `up ${timeText(Math.floor(status.uptimeSeconds))}`,
    `process ${status.pid}`,
    `rickhouse ${status.version}`,
    `Python ${status.python}`,
  ];
  setText(byId("facts"), facts.join(" · "));
}

function setTitle(state: string): void {
  const title = `${state} · ${last?.status.application ?? "Rickhouse"}`;
  if (document.title !== title) document.title = title;
}

function showLanes({ workers, workersWanted, workersMax }: StatusDocument, now: number): void {
  const present = new Set(workers.map(({ worker }) => worker));
  for (const worker of lanes.keys()) if (!present.has(worker)) lanes.delete(worker);
  const rows = workers.flatMap((worker) => {
    const lane = lanes.get(worker.worker) ?? new Lane(worker.worker);
    lanes.set(worker.worker, lane);
    lane.update(worker, now);
    return [lane.row, lane.stackRow];
  });
  setChildren(byId("lanes"), rows);
  const note = `${workers.length}, ${workersWanted} wanted, ${workersMax} at most`;
  setText(byId("workers-note"), note);
}

function showControl(): void {
  const max = last?.status.workersMax ?? 1;
  setText(byId("least"), last === undefined ? "\u{a0}" : String(least));
  buttonById("reload").disabled = trouble !== undefined;
  buttonById("fewer").disabled = trouble !== undefined || least <= 1;
  buttonById("more").disabled = trouble !== undefined || least >= max;
  buttonById("stacks").disabled = trouble !== undefined;
}

function showAlert(text: string): void {
  const place = byId("trouble");
  setText(place, text);
  place.hidden = text === "";
  document.body.classList.toggle("stale", text !== "");
  showControl();
}

function showTrouble(kind: Trouble, state: string, text: string): void {
  trouble = kind;
  setText(byId("state"), state);
  setClass(byId("state"), "pill bad");
  setTitle(state);
  showAlert(text);
}

function isGone(): void {
  if (trouble === "gone") return;
  const since = Date.now();
  showTrouble(
    "gone",
    "gone",
    `The server has not answered since ${dayText(since)}, ${clockText(since)}. What is shown is what it said last; it is asked again each second.`,
  );
}

function isRefused({ status, why, isFinal }: Refusal): void {
  const answered = `The server answers this page with ${status}${why === "" ? "" : `: ${why}`}.`;
  const text =
    status === 401
      ? "The token is not taken any more: load the page again to give another."
      : `${answered}${isFinal ? "" : " It is asked again each second."}`;
  showTrouble("refused", "unknown", text);
}

function isBroken(error: unknown): void {
  if (trouble !== "broken") reportError(error);
  const text = `This page cannot show what the server says (${messageOf(error)}). Load it again.`;
  showTrouble("broken", "unknown", text);
}

function say(text: string, kind = ""): void {
  setText(byId("outcome"), text);
  setClass(byId("outcome"), kind);
}

/** Runs `what` while the button cannot be pressed again; tells how it ended. */
async function act(id: string, begun: string, what: () => Promise<string>): Promise<void> {
  const pressed = buttonById(id);
  pressed.setAttribute("aria-busy", "true");
  say(begun);
  try {
    say(await what());
  } catch (error) {
    say(messageOf(error), "bad");
  } finally {
    pressed.removeAttribute("aria-busy");
  }
}

async function scaleBy(by: number): Promise<string> {
  if (last === undefined) return "";
  const workersLeast = Math.max(1, Math.min(least + by, last.status.workersMax));
  const { workers } = await command("scale", { workers: workersLeast });
  if (typeof workers === "number") least = workers;
  showControl();
  return `At least ${textOf(workers)} ${workers === 1 ? "worker" : "workers"} from now on.`;
}

async function reload(): Promise<string> {
  const { generation } = await command("reload");
  return `Reloaded: generation ${textOf(generation)} serves.`;
}

async function showStacks(): Promise<string> {
  const stacks = await askStacks();
  for (const [worker, text] of stacks) {
    lanes.get(worker)?.stack.show(text);
  }
  return stacks.size === 1 ? "Its stack, below." : `Stacks of ${stacks.size} workers, below each.`;
}

const ACTIONS: Readonly<Record<string, () => Promise<void>>> = {
  reload: () => act("reload", "Reloading …", reload),
  more: () => act("more", "", () => scaleBy(1)),
  fewer: () => act("fewer", "", () => scaleBy(-1)),
  stacks: () => act("stacks", "", showStacks),
};

for (const [id, run] of Object.entries(ACTIONS)) {
  buttonById(id).addEventListener("click", () => {
    if (buttonById(id).ariaBusy !== "true") void run();
  });
}

void new SnapshotStream({
  onSnapshot: show,
  onFault: isBroken,
  onGone: isGone,
  onRefused: isRefused,
});
