// How the sources of the server become the few files of dist/ (docs/decisions/033-bundled.md): main.js and what is loaded by a command of its
// own, each in a file, and common.js with what more than one of them needs. Readable, since stack traces of users name its lines.

// oxlint-disable-next-line import/no-default-export -- rolldown reads it so.
export default {
  input: "src/main.ts",
  platform: "node",
  // Installed beside the server, and loaded by few: --reload watches files, a configuration file is TOML.
  external: ["chokidar", "smol-toml"],
  transform: { target: "es2024" },
  output: {
    dir: "dist",
    format: "esm",
    // All in one directory: src/package-files.ts counts on it. No hashes: nobody caches them.
    entryFileNames: "[name].js",
    chunkFileNames: "[name].js",
    codeSplitting: { groups: [{ name: "common", minShareCount: 2 }] },
  },
};
