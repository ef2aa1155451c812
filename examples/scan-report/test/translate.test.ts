// Goal: a translation is whole or it is an error: nothing empty, nothing half known, no changed figure goes through.
import { expect, test } from "vitest";
import { everyWordKnown, figuresSurvive, TranslationFailed, translate, untranslated } from "../src/translate.ts";

const english = "The area is 120 points.";
const through = (command: string) => translate(english, { command });

test("what the translator writes is the translation, tidied", async () => {
  const translation = await through(`sed 's/The area is/EL área es/; s/points/puntos /'`);
  expect(translation).toEqual({ language: "es", translated: true, text: "El área es 120 puntos.", unknown: [] });
  expect(figuresSurvive(translation, { text: english })).toBe(true);
});

test("nothing back is an error, though the program ended with 0", async () => {
  await expect(through("cat > /dev/null")).rejects.toThrow("gave nothing back");
});

test("a program that is not there is missing, one that fails is not", async () => {
  await expect(through("no-such-translator eng-spa")).rejects.toMatchObject({ missing: true });
  const failed = through("{ echo 'no such mode' >&2; exit 3; }");
  await expect(failed).rejects.toBeInstanceOf(TranslationFailed);
  await expect(failed).rejects.toMatchObject({ missing: false, message: "the translator ended with 3: no such mode" });
});

test("words that it does not know, and figures that it changed, break the contract", async () => {
  const half = await through(`sed 's/area/*area/; s/120/12/'`);
  expect(half.unknown).toEqual(["area"]);
  expect(everyWordKnown(half)).toBe("not translated: area");
  expect(figuresSurvive(half, { text: english })).toBe("figures were 120, are 12");
});

test("an abort ends the whole pipe at once", async () => {
  const controller = new AbortController();
  const work = translate(english, { command: "sleep 600", signal: controller.signal });
  controller.abort(new Error("too late"));
  await expect(work).rejects.toThrow("too late");
});

test("untranslated text says so before anything else", () => {
  expect(untranslated(english)).toMatchObject({ language: "en", translated: false });
  expect(untranslated(english).text.split("\n")[0]).toContain("not translated");
});

test("apertium where it is installed, and a clear word where it is not", async () => {
  const work = await translate("The border is smooth.\nThe number of regions is 2.").catch((error: unknown) => error);
  if (work instanceof TranslationFailed) expect(work).toMatchObject({ missing: true });
  else expect(work).toMatchObject({ text: "El borde es liso.\nEl número de regiones es 2.", unknown: [] });
});
