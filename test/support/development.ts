// A server with --reload over a directory of sources that a test may change as an editor would.

import { mkdirSync, mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { rawRequest } from "./raw-client.ts";
import { type ServerUnderTest, startServer } from "./server.ts";

export class Project implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), "project-"));
  #server: ServerUnderTest | undefined;

  /** Sources by their paths in the project. */
  constructor(files: Readonly<Record<string, string>>) {
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  get server(): ServerUnderTest {
    if (this.#server === undefined) throw new Error("the server was not started");
    return this.#server;
  }

  path(path: string): string {
    return join(this.directory, path);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    writeFileSync(this.path(path), text);
  }

  /** As PyCharm and most programs that take care save: the new file replaces the old. */
  replace(path: string, text: string): void {
    writeFileSync(`${this.path(path)}___jb_tmp___`, text);
    renameSync(`${this.path(path)}___jb_tmp___`, this.path(path));
  }

  /** As vim saves: a trial file, the old one out of the way, a new one in its place. */
  moveAwayAndWrite(path: string, text: string): void {
    const trial = join(dirname(this.path(path)), "4913");
    writeFileSync(trial, "");
    unlinkSync(trial);
    renameSync(this.path(path), `${this.path(path)}~`);
    writeFileSync(this.path(path), text);
    unlinkSync(`${this.path(path)}~`);
  }

  /** `application` in the project; resolves when it serves, or says that it does not yet. */
  async serve(application: string, ...args: string[]): Promise<void> {
    const given = ["--reload", "--workers", "2", ...args];
    this.#server = await startServer(this.path(application), { args: given, cwd: this.directory });
  }

  /** Status and body of `GET target`. */
  async get(target = "/", accept = "*/*"): Promise<string> {
    const head = `GET ${target} HTTP/1.1\r\nHost: a\r\nAccept: ${accept}\r\n\r\n`;
    const { status, body } = await rawRequest(this.server.port, head);
    return `${status} ${body.toString().trim()}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
