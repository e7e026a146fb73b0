// A button that fetches the Python stack of one worker and shows it, and hides it again. The stack stands as it was when it was taken.

import { askStacks, messageOf } from "./control.ts";
import { button, make, setText } from "./elements.ts";
import { clockText } from "./format.ts";

/** `  File "/srv/app/shop.py", line 9 in look_up` */
const FRAME = /^\s*File "(.*)", line (\d+) in (.*)$/;
/** Of the worker itself: above them stands the application. */
const OWN_PATH = /\/src\/rickhouse\/\w+\.py$/;

export class StackView {
  readonly button: HTMLButtonElement;
  /** Where the stack stands, when there is one. */
  readonly place = make("div", "stack");
  readonly #worker: number;
  readonly #onChange: () => void;

  /** `onChange`: it was opened or closed. */
  constructor(worker: number, onChange: () => void = () => {}) {
    this.#worker = worker;
    this.#onChange = onChange;
    this.button = button("Stack", () => {
      if (this.button.ariaBusy !== "true") void this.#toggle();
    });
    this.button.setAttribute("aria-label", `Stack of worker ${worker}`);
    this.button.setAttribute("aria-expanded", "false");
    this.place.hidden = true;
  }

  get isOpen(): boolean {
    return !this.place.hidden;
  }

  /** Of the worker; empty when it tells none. */
  show(stacks: string): void {
    if (stacks === "") {
      this.#showError("No stack can be had from it.");
      return;
    }
    const stack = make("div", "frames", ...framesOf(stacks));
    stack.tabIndex = 0; // It may be longer than its place: arrow keys move it.
    stack.setAttribute("role", "region");
    stack.setAttribute("aria-label", `Stack of worker ${this.#worker}`);
    const taken = make("p", "", `as it stood at ${clockText(Date.now())}`);
    this.place.replaceChildren(taken, stack);
    this.#setOpen(true);
  }

  #showError(text: string): void {
    const error = make("p", "bad", text);
    error.setAttribute("role", "alert");
    this.place.replaceChildren(error);
    this.#setOpen(true);
  }

  async #toggle(): Promise<void> {
    if (this.isOpen) {
      this.#setOpen(false);
      return;
    }
    this.button.setAttribute("aria-busy", "true");
    try {
      const stacks = await askStacks(this.#worker);
      this.show(stacks.get(this.#worker) ?? "");
    } catch (error) {
      this.#showError(messageOf(error));
    } finally {
      this.button.removeAttribute("aria-busy");
    }
  }

  #setOpen(isOpen: boolean): void {
    this.place.hidden = !isOpen;
    this.button.setAttribute("aria-expanded", String(isOpen));
    setText(this.button, isOpen ? "Hide" : "Stack");
    const what = isOpen ? "Hide the stack" : "Stack";
    this.button.setAttribute("aria-label", `${what} of worker ${this.#worker}`);
    this.#onChange();
  }
}

/** The frames of each thread, newest first, as faulthandler writes them; the worker's own below the application are folded. */
function framesOf(text: string): HTMLElement[] {
  const parts: HTMLElement[] = [];
  let folded: HTMLElement | undefined;
  for (const line of text.split("\n")) {
    const [, path, number, name] = FRAME.exec(line) ?? [];
    if (path === undefined) {
      folded = undefined;
      parts.push(make("p", "", line));
      continue;
    }
    const where = make("span", "where", `${shortened(path)}:${number ?? ""}`);
    where.title = path;
    const frame = make("div", "frame", make("b", "", name ?? ""), " ", where);
    if (!OWN_PATH.test(path)) {
      folded = undefined;
      parts.push(frame);
      continue;
    }
    if (folded === undefined) {
      folded = make("details", "", make("summary", "", "the server's worker"));
      parts.push(folded);
    }
    folded.append(frame);
  }
  return parts;
}

/** The end of a path tells most; the whole is in the tooltip. */
function shortened(path: string): string {
  const parts = path.split("/");
  return parts.length > 4 ? `…/${parts.slice(-3).join("/")}` : path;
}
