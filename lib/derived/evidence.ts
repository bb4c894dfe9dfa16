import * as YAML from 'yaml';
import { z } from 'zod';

/** How far a component can be proven, from cheap to dear. */
export const ladder = ['synthesized', 'accepted', 'configured', 'running'] as const;
export type Level = (typeof ladder)[number];

/** What each level says. */
export const meaning: Record<Level, string> = {
  synthesized: 'its manifests are made, the same at every synth',
  accepted: 'a real API server accepts its manifests',
  configured: 'the real program accepts its configuration',
  running: 'it runs and is used on a real cluster',
};

const componentEvidence = z.strictObject({
  level: z.enum(ladder),
  /** Why it is not proven further. */
  because: z.string().optional(),
  /** The program that stands in for the image in these proofs, where it is not that image. */
  standIn: z.string().optional(),
  proofs: z.array(z.strictObject({ level: z.enum(ladder), file: z.string(), title: z.string() })).min(1),
});
export type ComponentEvidence = z.output<typeof componentEvidence>;

/** What `test/evidence.yaml` says: component → the level reached, and the tests that prove it. */
export type Evidence = Readonly<Record<string, ComponentEvidence>>;

export function parseEvidence(text: string): Evidence {
  return z.record(z.string(), componentEvidence).parse(YAML.parse(text));
}
