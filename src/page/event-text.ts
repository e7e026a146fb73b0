// The text of a stream of server-sent events -> the data of each event (HTML standard, 9.2.6; LF alone ends lines here, and no other field
// is sent). Pure.

export class EventText {
  #rest = "";

  /** The data of each event that is complete with this piece. */
  push(piece: string): string[] {
    const blocks = `${this.#rest}${piece}`.split("\n\n");
    this.#rest = blocks.pop() ?? "";
    return blocks.map(dataOf).filter((data) => data !== "");
  }
}

function dataOf(block: string): string {
  return block
    .split("\n")
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice(5).trimStart())
    .join("\n");
}
