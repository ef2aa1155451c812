/** Insight's door: pure readers of what is recorded of a run. */
export type { FieldValue, Source } from "./origin.ts";
export { type Overview, overviewOf } from "./overview.ts";
export { type LostItem, missingVoices, type ScopeStory, scopeStoryOf, type VoteStory } from "./scope-story.ts";
export type {
  AttemptStory,
  CallStory,
  DecisionStory,
  LateAnswer,
  RungStory,
  SignalStory,
  SkipStory,
  StepStory,
} from "./step-story.ts";
export type { Suspect, SuspectEvidence } from "./suspects.ts";
export { type Moment, momentOf, timeline } from "./timeline.ts";
export { type AskedField, type StepOrigin, type Why, type WhyOptions, why } from "./why.ts";
export type { Tone } from "./words.ts";
