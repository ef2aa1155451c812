// Goal: a report says what it is, contains the scan's figures and no others, and names who decided.
import { expect, test } from "vitest";
import { measure } from "../src/features.ts";
import { drawPhantom } from "../src/phantom.ts";
import { preprocess } from "../src/preprocess.ts";
import {
  DRAWN,
  type Facts,
  figuresAreFacts,
  NO_DIAGNOSIS,
  saysWhatItIs,
  writeForTranslation,
  writeReport,
} from "../src/report.ts";

const phantom = drawPhantom(12, { lesion: "malignant-like", size: 128 });
const found: Facts = {
  size: 128,
  features: measure(preprocess(phantom), phantom.mask),
  classification: { lesion: "malignant-like", probability: 0.91 },
  anomaly: { unusual: true, score: 0.62, about: "region" },
  conclusion: { lesion: "malignant-like", via: "models" },
};
const clean: Facts = {
  ...found,
  features: measure(preprocess(drawPhantom(12, { lesion: "none", size: 128 })), new Uint8Array(128 * 128)),
  classification: { lesion: "none", probability: 0 },
  anomaly: { unusual: false, score: 0.31, about: "slice" },
  conclusion: { lesion: "none", via: "models" },
};
const reviewed: Facts = { ...found, conclusion: { lesion: "benign-like", via: "person" } };
const unanswered: Facts = { ...found, conclusion: { lesion: "unclear", via: "timeout" } };

test.each([
  ["for readers", writeReport],
  ["for translation", writeForTranslation],
])("every report says that it is no diagnosis, and invents no figure: %s", (_, write) => {
  for (const facts of [found, clean, reviewed, unanswered]) {
    const report = write(facts);
    expect(report.text.startsWith(`${NO_DIAGNOSIS}\n${DRAWN}`)).toBe(true);
    expect(saysWhatItIs(report)).toBe(true);
    expect(figuresAreFacts(report, facts)).toBe(true);
  }
});

test("figures that are not the scan's, and a report that hides what it is, break the contract", () => {
  const { text } = writeReport(found);
  expect(figuresAreFacts({ text: `${text}\nIt has grown by 37 pixels.` }, found)).toBe(
    "37 is not a figure of this scan",
  );
  expect(figuresAreFacts(writeReport(found), clean)).toContain("not a figure");
  expect(saysWhatItIs({ text: text.replace(NO_DIAGNOSIS, "") })).toContain("no diagnosis");
});

test("who decided is in the report", () => {
  expect(writeReport(found).text).toContain("nobody has looked");
  expect(writeReport(reviewed).text).toContain("A radiologist decided: benign-like");
  expect(writeReport(unanswered).text).toContain("no radiologist answered");
  expect(writeForTranslation(reviewed).text).toContain("The specialist chose: benign type.");
  expect(writeForTranslation(unanswered).text).toContain("The result is uncertain.");
  expect(writeReport(clean).text).toContain("No bright region");
});
