// Writes data/articles.json: the hand-written articles of data/handbook.txt, and seven on each device of data/devices.json.
// Boundary: texts only; their embeddings are generate-vectors.ts. `npm run generate` does both.
// Invariants: no chance is involved, so a second run writes the same file; every id is there once.
import { readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { Article, type ArticleFile, SHELF } from "./articles.ts";
import { dataFile } from "./data-file.ts";

const Device = z.object({
  id: z.string(),
  name: z.string(),
  also: z.array(z.string()),
  shelf: z.enum(SHELF),
  what: z.string(),
  setup: z.string(),
  offline: z.string(),
  reset: z.string(),
  lights: z.string(),
  power: z.string(),
  place: z.string(),
  trouble: z.object({ title: z.string(), text: z.string() }),
});
type Device = z.infer<typeof Device>;

/** All articles, in the order of their sources. */
export function generateArticles(): Article[] {
  const { devices } = z
    .object({ devices: z.array(Device) })
    .parse(JSON.parse(readFileSync(dataFile("devices.json"), "utf8")));
  const articles = [...handWritten(readFileSync(dataFile("handbook.txt"), "utf8")), ...devices.flatMap(articlesOn)];
  const ids = new Set(articles.map(({ id }) => id));
  if (ids.size !== articles.length) throw new Error("two articles have one id");
  return articles;
}

/** Reads "# shelf" and "## id | title" lines with a paragraph below each; what stands before the first shelf is a remark. */
export function handWritten(handbook: string): Article[] {
  return handbook
    .split(/^# /m)
    .slice(1)
    .flatMap((part) => {
      const [shelf = "", ...articles] = part.split(/^## /m);
      return articles.map((article) => {
        const [head = "", ...lines] = article.trim().split("\n");
        const [id, title] = head.split(" | ");
        return Article.parse({ id, shelf: shelf.trim(), title, text: lines.join(" ").trim() });
      });
    });
}

function articlesOn(device: Device): Article[] {
  const { id, name, also, shelf, what, trouble } = device;
  const inApp = name === "Hub" ? "Internet" : "Devices";
  const article = (topic: string, title: string, text: string): Article => ({
    id: `${id}-${topic}`,
    shelf,
    title,
    text,
    also,
  });
  return [
    article(
      "setup",
      `Set up the ${name}`,
      `The ${name} is ${what}. Open ${inApp} in the app, tap Add and choose ${name}. ${device.setup}`,
    ),
    article(
      "offline",
      `The ${name} is offline or does not connect`,
      `${device.offline} The ${name} keeps its settings.`,
    ),
    article(
      "reset",
      `Reset the ${name} to its factory settings`,
      `Reset it before you sell it, give it away or send it back. ${device.reset}`,
    ),
    article("lights", `What do the lights and colours of the ${name} mean?`, device.lights),
    article("power", `Power, battery and consumption of the ${name}`, device.power),
    article("place", `Where to put or mount the ${name}`, device.place),
    article("trouble", trouble.title, trouble.text),
  ];
}

if (import.meta.main) {
  const articles = generateArticles();
  const file: ArticleFile = {
    about:
      "MADE UP: help-centre articles of Larkfield, a provider that does not exist. Written by src/generate-articles.ts " +
      "from data/handbook.txt and data/devices.json, which were written for this example.",
    articles,
  };
  writeFileSync(dataFile("articles.json"), `${JSON.stringify(file, null, 1)}\n`);
  console.log(`${articles.length} articles`);
}
