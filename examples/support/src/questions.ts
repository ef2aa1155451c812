// The made-up customer questions with the article that answers each.
// Boundary: reads the hand-written lists of data/; nothing at run time depends on them but measurements and the example.
// Invariant: every expected article exists, or loading fails.
import { readFileSync } from "node:fs";
import { loadArticles } from "./articles.ts";
import { dataFile } from "./data-file.ts";

export interface AskedQuestion {
  readonly text: string;
  /** Id of the article that answers it. */
  readonly article: string;
  /** The author thinks that a person should answer, because the customer is upset. */
  readonly upset: boolean;
}

/** `questions`: the 200 that the search was adjusted on. `fresh`: written when everything was fixed. */
export function loadQuestions(list: "questions" | "fresh-questions"): AskedQuestion[] {
  const known = new Set(loadArticles().map(({ id }) => id));
  const lines = readFileSync(dataFile(`${list}.txt`), "utf8").split("\n");
  return lines
    .filter((line) => line.includes(" | "))
    .map((line) => {
      const [article = "", text = ""] = line.split(" | ");
      if (!known.has(article)) throw new Error(`${list}.txt expects an article that there is not: ${article}`);
      return { article, upset: text.startsWith("! "), text: text.replace(/^! /, "") };
    });
}
