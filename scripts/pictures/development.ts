// What `rickhouse dev` shows of a Flask application that raises, and of one that does not import: light, dark and narrow.

import type { Browser } from "playwright-core";
import { Project } from "../../test/support/development.ts";
import { waitFor } from "../../test/support/server.ts";
import { setUpExamples } from "../python-environment.ts";
import { savePicture } from "./picture.ts";

const WIDTH = 860;
const LOOKS = {
  light: { width: WIDTH, colorScheme: "light" },
  dark: { width: WIDTH, colorScheme: "dark" },
  narrow: { width: 360, colorScheme: "light" },
} as const;

const SHOP = `from flask import Flask, jsonify

import prices

app = Flask(__name__)


@app.get("/items/<int:number>")
def item(number):
    return jsonify(number=number, price=prices.price_of(number))
`;
const PRICES = `PRICES = {1: 9.5, 2: 12.0}


def price_of(number):
    return PRICES[number]
`;

export async function takeDevelopment(browser: Browser): Promise<void> {
  await using project = new Project({ "shop.py": SHOP, "prices.py": PRICES });
  await project.serve("shop:app", "dev", "--python", setUpExamples());
  await take(browser, project, "debug");
  project.write("prices.py", PRICES.replace("12.0}", "12.0"));
  await waitFor("the failed import", async () =>
    (await project.get("/items/1")).includes("SyntaxError"),
  );
  await take(browser, project, "reload-error");
}

async function take(browser: Browser, { server }: Project, name: string): Promise<void> {
  for (const [look, { width, colorScheme }] of Object.entries(LOOKS)) {
    const page = await browser.newPage({ viewport: { width, height: 480 }, colorScheme });
    await page.goto(`${server.url}/items/7`);
    // The text below says the same again, with the paths of this machine.
    const text = await page
      .getByRole("heading", { name: "As text" })
      .boundingBox({ timeout: 500 })
      .catch(() => null);
    const height = text === null ? 480 : Math.floor(text.y - 10);
    await page.setViewportSize({ width, height });
    savePicture(`${name}-${look}`, await page.screenshot());
    await page.close();
  }
}
