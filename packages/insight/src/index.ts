/** Insight's door: pure readers of what is recorded of a run. */
export type { FieldValue, Source } from "./origin.ts";
export { type Overview, overviewOf } from "./overview.ts";
export type {
  AttemptStory,
  DecisionStory,
  LateAnswer,
  RungStory,
  SkipStory,
  StepStory,
} from "./step-story.ts";
export type { Suspect, SuspectEvidence } from "./suspects.ts";
export { type Moment, momentOf, type Tone, timeline } from "./timeline.ts";
export { type AskedField, type StepOrigin, type Why, type WhyOptions, why } from "./why.ts";
