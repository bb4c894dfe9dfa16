/** Keeps what definitions say as fact and drops their prose: `node run.js crds/strip.ts IN… > OUT`. */
import { readFileSync } from 'node:fs';
import * as YAML from 'yaml';

const prose = ['description', 'externalDocs', 'example'];

/** @param named whether the keys are names of properties rather than words of the schema */
function strip(node: unknown, named = false): unknown {
  if (Array.isArray(node)) return node.map((item) => strip(item));
  if (typeof node !== 'object' || node === null) return node;
  const kept = Object.entries(node).filter(([key]) => named || !prose.includes(key));
  return Object.fromEntries(kept.map(([key, value]) => [key, strip(value, !named && key === 'properties')]));
}

interface Definition {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly versions: readonly { readonly served: boolean }[] };
}

// Deleting a definition deletes every object of its kind.
const kept = { 'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false' };
const stripped = process.argv
  .slice(2)
  .flatMap((file) => YAML.parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS() as Definition))
  .filter((definition) => definition?.kind === 'CustomResourceDefinition')
  .map(({ apiVersion, kind, metadata, spec }) => ({
    apiVersion,
    kind,
    metadata: { ...metadata, annotations: { ...metadata.annotations, ...kept } },
    // Versions that no API server serves any more say nothing to anybody.
    spec: strip({ ...spec, versions: spec.versions.filter(({ served }) => served) }),
  }));
process.stdout.write(stripped.map((definition) => YAML.stringify(definition, { lineWidth: 160 })).join('---\n'));
