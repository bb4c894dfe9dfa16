import { readFileSync } from 'node:fs';

/** The layers from below to above, and where their files are: each may import itself and what stands below it. */
const layers = [
  ['images', 'lib/images\\.ts$'],
  ['core', 'lib/core/'],
  ['options', 'lib/options/'],
  ['bindings', 'lib/bindings/'],
  ['tiers', 'lib/tiers/'],
  ['catalogue', 'lib/catalogue\\.ts$'],
  ['config', 'lib/config/'],
  ['derived', 'lib/derived/'],
  ['build-platform', 'lib/(build-platform|synth)\\.ts$'],
  ['cli', '(cli/|main\\.ts$)'],
];

/** Where classes of imports/ become objects; all others know Kubernetes through them. */
const madeOfImports = ['core', 'tiers', 'derived'];

/** The files of the components, which the catalogue loads, without their folders and endings. */
const catalogue = readFileSync(new URL('lib/catalogue.ts', import.meta.url), 'utf8');
const components = [...new Set(Array.from(catalogue.matchAll(/tiers\/[a-z-]+\/([a-z0-9-]+)/g), ([, name]) => name))];
if (components.length === 0) throw new Error('lib/catalogue.ts loads no component from lib/tiers');

const anyOf = (paths) => `^(${paths.join('|')})`;
const own = anyOf(['lib/', 'cli/', 'main\\.ts$', 'imports/', 'bench/', 'crds/', 'docs/', 'test/']);

const looksDown = layers.map(([name, files], i) => {
  const allowed = layers.slice(0, i + 1);
  const further = madeOfImports.includes(name) ? ['imports/'] : [];
  return {
    name: `${name}-looks-down`,
    comment: `It may import ${[...allowed.map(([layer]) => layer), ...further].join(', ')}.`,
    severity: 'error',
    from: { path: anyOf([files]) },
    to: { path: own, pathNot: anyOf([...allowed.map(([, below]) => below), ...further]) },
  };
});

/**
 * Who may import whom; `import type`, `import('…')` within types and `require()` count. bench/, crds/, docs/ and test/ are
 * free, but for circles. https://github.com/sverweij/dependency-cruiser/blob/main/doc/rules-reference.md
 */
export default {
  forbidden: [
    ...looksDown,
    {
      name: 'every-file-in-a-layer',
      comment: 'A file of lib/ is in one of the layers, or nothing would be said of what it imports.',
      severity: 'error',
      from: { path: '^lib/', pathNot: anyOf(layers.map(([, files]) => files)) },
      to: {},
    },
    {
      name: 'tiers-stand-alone',
      comment: 'A tier imports no other one: what its components use of others comes by needs.',
      severity: 'error',
      from: { path: '^lib/tiers/([^/]+)/' },
      to: { path: '^lib/tiers/', pathNot: '^lib/tiers/$1/' },
    },
    {
      name: 'components-stand-alone',
      comment: 'The file of a component and the folder of that name are its own; what several share is beside them.',
      severity: 'error',
      from: { path: '^lib/tiers/([^/]+)/([^/.]+)' },
      to: { path: `^lib/tiers/[^/]+/(${components.join('|')})(\\.ts$|/)`, pathNot: '^lib/tiers/$1/$2(\\.ts$|/)' },
    },
    {
      name: 'no-circle',
      comment: 'What imports each other is understood only together. core/ may: it is one vocabulary.',
      severity: 'error',
      from: { pathNot: '^lib/core/' },
      to: { circular: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
};
