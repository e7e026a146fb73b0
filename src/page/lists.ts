// The lists beside the lanes: slow requests with the stack that they stand in, deaths and reloads, connections.

import type { Snapshot, StatusDocument } from "../io/admin/documents.ts";
import { byId, make, setChildren, setClass, setText } from "./elements.ts";
import { bytesText, clockText, countText, dayText, momentText, timeText } from "./format.ts";
import { requestParts } from "./lane.ts";
import { type SlowRequest, SlowRequests } from "./slow-requests.ts";
import { StackView } from "./stack-view.ts";

interface SlowEntry {
  readonly item: HTMLElement;
  readonly note: HTMLElement;
  readonly time: HTMLElement;
  readonly stack: StackView;
}

export class SlowList {
  readonly #requests = new SlowRequests();
  readonly #entries = new Map<number, SlowEntry>();

  update(snapshot: Snapshot): void {
    const requests = this.#requests.update(snapshot);
    const keys = new Set(requests.map(({ key }) => key));
    for (const key of this.#entries.keys()) if (!keys.has(key)) this.#entries.delete(key);
    const items = requests.map((request) => this.#show(request));
    setChildren(byId("slow"), items);
    byId("slow-none").hidden = items.length > 0;
  }

  #show(request: SlowRequest): HTMLElement {
    const entry = this.#entries.get(request.key) ?? this.#make(request);
    const { endedAt, waitedSeconds, runningSeconds, worker } = request;
    setClass(entry.item, endedAt === undefined ? "slow" : "over");
    setText(entry.time, timeText(runningSeconds));
    const waited = waitedSeconds >= 0.1 ? `, after it waited ${timeText(waitedSeconds)}` : "";
    const ended = endedAt === undefined ? "" : `, over at ${clockText(endedAt)}`;
    setText(entry.note, `in worker ${worker}${waited}${ended}`);
    // What it stands in can be asked only while it stands there; a stack that was taken stays.
    entry.stack.button.hidden = endedAt !== undefined && !entry.stack.isOpen;
    return entry.item;
  }

  #make(request: SlowRequest): SlowEntry {
    const stack = new StackView(request.worker);
    const time = make("span", "time");
    const note = make("p", "note");
    const head = make("div", "request", ...requestParts(request), time, stack.button);
    const item = make("li", "", head, note, stack.place);
    const entry = { item, note, time, stack };
    this.#entries.set(request.key, entry);
    return entry;
  }
}

/** One that a newer one has replaced is no trouble. */
const RELOAD_CLASSES = { serves: "good", failed: "bad", superseded: "" } as const;

function reloadText({ generation, outcome, tookMs }: StatusDocument["reloads"][number]): string {
  if (generation === null) return "Reload refused: the old code serves on";
  if (outcome !== "serves") return `Reload ${outcome}: generation ${generation} never served`;
  return `Generation ${generation} serves, after ${timeText(tookMs / 1000)}`;
}

/** Newest first, deaths and reloads together. */
export class IncidentList {
  #shown = "";

  update({ deaths, reloads }: StatusDocument): void {
    const entries = [
      ...deaths.map(({ at, worker, pid, how, request }) => ({
        at,
        className: "bad",
        text: `Worker ${worker} (pid ${pid ?? "–"}) ended: ${how}`,
        more: request === null ? "" : `while it ran ${request}`,
      })),
      ...reloads.map((reload) => ({
        at: reload.at,
        className: RELOAD_CLASSES[reload.outcome],
        text: reloadText(reload),
        more: reload.error ?? "",
      })),
    ].toSorted((a, b) => b.at.localeCompare(a.at));
    const now = Date.now();
    const key = JSON.stringify([dayText(now), entries]);
    if (key === this.#shown) return;
    this.#shown = key;
    byId("incidents").replaceChildren(
      ...entries.map(({ at, className, text, more }) => {
        const time = make("time", "", momentText(Date.parse(at), now));
        time.dateTime = at;
        const item = make("li", className, time, make("span", "what", text));
        if (more !== "") item.append(make("p", "more", more));
        return item;
      }),
    );
    byId("incidents-none").hidden = entries.length > 0;
  }
}

export function showConnections({ connections }: StatusDocument): void {
  const rows: [string, string][] = [
    ["open", `${countText(connections.open)} of ${countText(connections.max)}`],
    ...Object.entries(connections.byState)
      .filter(([, count]) => count > 0)
      .map(([state, count]): [string, string] => [state, countText(count)]),
    ["received", bytesText(connections.bytesIn)],
    ["sent", bytesText(connections.bytesOut)],
  ];
  byId("connections").replaceChildren(
    ...rows.map(([name, text]) => make("div", "", make("dt", "", name), make("dd", "", text))),
  );
}
