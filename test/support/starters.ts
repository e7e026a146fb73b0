// Projects as the frameworks' own starters make them, in a directory of the test, and what each has to answer: Flask's tutorial and Pyramid's
// cookiecutter as they lie in test/packages/projects, Django's by `startproject`, set up for strangers as its documentation says.

import { appendFileSync, cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { mustRun } from "./command.ts";
import { ROOT } from "./server.ts";

export interface Starter {
  readonly name: string;
  readonly directory: string;
  /** As it is named in that directory. */
  readonly application: string;
  readonly pages: readonly {
    readonly path: string;
    readonly status: number;
    readonly text: RegExp;
  }[];
  /** What the application writes to its log for the first page. */
  readonly log?: RegExp;
}

const DJANGO_SETTINGS = `
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
`;

/** `python` has the frameworks; the project of Pyramid is installed there, as \`pserve\` wants it too. */
export function makeStarters(place: string, python: string): readonly Starter[] {
  const [flask, django, pyramid] = ["flask", "django", "pyramid"].map((name) => join(place, name));
  if (flask === undefined || django === undefined || pyramid === undefined) return [];
  for (const [name, to] of [
    ["flask", flask],
    ["pyramid", pyramid],
  ] as const)
    cpSync(join(ROOT, "test/packages/projects", name), to, { recursive: true });
  const pip = ["-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps"];
  mustRun(python, [...pip, "--no-build-isolation", "--editable", "."], { cwd: pyramid });
  mkdirSync(django);
  mustRun(python, ["-m", "django", "startproject", "mysite", "."], { cwd: django });
  appendFileSync(join(django, "mysite/settings.py"), DJANGO_SETTINGS);
  mustRun(python, ["manage.py", "migrate", "--verbosity", "0"], { cwd: django });
  return [
    {
      name: "Flask's tutorial",
      directory: flask,
      application: "flaskr:create_app()",
      pages: [
        { path: "/", status: 200, text: /<title>Flaskr<\/title>[^]*Visits: \d/ },
        { path: "/static/style.css", status: 200, text: /color/ },
        { path: "/nope", status: 404, text: /Not Found/ },
      ],
    },
    {
      name: "django-admin startproject",
      directory: django,
      application: "mysite.wsgi",
      pages: [
        { path: "/admin/login/", status: 200, text: /csrfmiddlewaretoken/ },
        { path: "/admin/", status: 302, text: /^$/ },
        { path: "/", status: 404, text: /Not Found/ },
      ],
    },
    {
      name: "Pyramid's cookiecutter",
      directory: pyramid,
      application: "wsgi",
      pages: [
        { path: "/", status: 200, text: /^Welcome to myproj$/ },
        { path: "/static/theme.css", status: 200, text: /color/ },
        { path: "/nope", status: 404, text: /^no such page$/ },
      ],
      log: /INFO \[myproj\.views\] home was asked for/,
    },
  ];
}
