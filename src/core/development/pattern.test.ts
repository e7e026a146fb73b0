import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BadPattern, makePattern } from "./pattern.ts";

/** Which of the paths match; relative ones count from /w. */
function matching(text: string, ...paths: string[]): string[] {
  const pattern = makePattern(text, "/w");
  return paths.filter((path) => pattern.matches(path.startsWith("/") ? path : `/w/${path}`));
}

describe("a pattern of paths", () => {
  it("without a slash names files anywhere below the working directory", () => {
    const found = matching("*.html", "a.html", "t/b.html", "t/u/c.html", "a.htm", "/x/a.html");
    assert.deepEqual(found, ["a.html", "t/b.html", "t/u/c.html"]);
    assert.equal(makePattern("*.html", "/w").base, "/w");
  });

  it("with a slash counts from the working directory", () => {
    assert.deepEqual(matching("t/*.html", "t/a.html", "a.html", "t/u/a.html"), ["t/a.html"]);
    assert.equal(makePattern("t/*.html", "/w").base, "/w/t");
  });

  it("** stands for any directories, and at the end for all that is below", () => {
    const paths = ["t/a.html", "t/u/a.html", "t/u/v/a.html", "t/a.css"];
    assert.deepEqual(matching("t/**/*.html", ...paths), paths.slice(0, 3));
    assert.deepEqual(matching("t/**", "t", ...paths), paths);
  });

  it("without a wildcard is a file, or a directory with all that is in it", () => {
    assert.deepEqual(matching("t", "t", "t/a", "t/u/b", "tt", "u/t"), ["t", "t/a", "t/u/b"]);
    assert.deepEqual(matching("./t/", "t/a", "t2/a"), ["t/a"]);
    assert.equal(makePattern("t/", "/w").base, "/w/t");
  });

  it("may be absolute, or lead out of the working directory", () => {
    assert.deepEqual(matching("/etc/*.toml", "/etc/a.toml", "etc/a.toml"), ["/etc/a.toml"]);
    assert.deepEqual(matching("../s/*.css", "/s/a.css", "s/a.css"), ["/s/a.css"]);
    assert.equal(makePattern("/", "/w").base, "/");
    assert.deepEqual(matching("/*", "/a", "/a/b"), ["/a"]);
  });

  it("knows ?, classes and alternatives", () => {
    assert.deepEqual(matching("a?.py", "ab.py", "a.py", "abc.py"), ["ab.py"]);
    assert.deepEqual(matching("[ab].py", "a.py", "b.py", "c.py"), ["a.py", "b.py"]);
    assert.deepEqual(matching("[!ab].py", "a.py", "c.py"), ["c.py"]);
    assert.deepEqual(matching("*.{html,txt}", "a.html", "a.txt", "a.css"), ["a.html", "a.txt"]);
  });

  it("takes everything else as it is", () => {
    assert.deepEqual(matching("a+b(c).py", "a+b(c).py", "aab(c).py"), ["a+b(c).py"]);
    assert.deepEqual(matching("a[b.*", "a[b.x", "ab.x"), ["a[b.x"]);
    assert.deepEqual(matching("a,b}.*", "a,b}.x"), ["a,b}.x"]);
  });

  it("ending in a slash behind a wildcard means what is in those directories", () => {
    assert.deepEqual(matching("t/*/", "t/u/a", "t/a", "t/u/v/a"), ["t/u/a", "t/u/v/a"]);
  });

  it("is refused when nothing could be meant", () => {
    for (const text of ["", "a\0b", "*/../a", "*.{html"]) {
      assert.throws(() => makePattern(text, "/w"), BadPattern, text);
    }
  });
});
