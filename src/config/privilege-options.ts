// The part of the option table that is about whom the server runs as; options.ts takes it in.

import { BadValue, type Kind } from "./kinds.ts";
import { option } from "./option.ts";

/** Numbers have 32 bits, and the highest stands for none (chown(2)). */
const LARGEST_ID = 2 ** 32 - 2;

/** A name or a number of a user or a group. Whether there is one is for the system to say. `none` is the empty text. */
export const account: Kind<string> = {
  placeholder: "NAME|ID",
  parse(text) {
    if (text === "none") return "";
    // What can be neither in passwd(5) nor an argument of a look-up.
    if (!/^[^\s:-][^\s:]*$/.test(text))
      throw new BadValue("not a name", "write a name or a number");
    if (/^\d+$/.test(text) && Number(text) > LARGEST_ID)
      throw new BadValue("too large", `the largest number is ${LARGEST_ID}`);
    return text;
  },
  example: "www-data",
  schema: { anyOf: [{ type: "string" }, { type: "integer", minimum: 0 }] },
  describe: (name) => (name === "" ? "none" : name),
};

export const PRIVILEGE_OPTIONS = {
  user: option({
    kind: account,
    group: "server",
    default: "",
    help: "become this user once the addresses are bound",
  }),
  group: option({
    kind: account,
    group: "server",
    default: "",
    help: "and this group; none: the user's own",
  }),
};
