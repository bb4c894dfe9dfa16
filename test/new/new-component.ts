import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as ts from 'typescript';
import { catalogue } from '../../lib/catalogue';
import { suggest } from '../../lib/core/problem';
import { tiers, type TierName } from '../../lib/core/tier';
import { images } from '../../lib/images';
import { bindingNeeds, providerOf, type BindingNeed } from './needs';

/** The command line, as it was written. */
export interface Arguments {
  readonly tier: string;
  readonly name: string;
  readonly title?: string;
  readonly documentation?: string;
  readonly image?: string;
  readonly port?: string;
  readonly needs?: string;
}

/** A component that can be made. */
export interface NewComponent {
  readonly tier: TierName;
  readonly name: string;
  /** Its name in TypeScript, also that of its image in lib/images.ts unless another one runs the same. */
  readonly identifier: string;
  readonly image: Image;
  readonly port: number;
  readonly needs: readonly BindingNeed[];
  /** Without one a person is to say it. */
  readonly title?: string;
  readonly documentation?: string;
}

interface Image {
  /** Its name in lib/images.ts. */
  readonly key: string;
  readonly reference: string;
  /** Whether it is there already. */
  readonly known: boolean;
  /** Whether it is the program itself, and no web server that stands in for it. */
  readonly own: boolean;
}

/** Why a component is not made: what is wrong and what to write instead, a line for each thing. */
export class Refused extends Error {}

/** The files of a component of that name, each of which it has alone. */
export const filesOf = (tier: string, name: string) => ({
  definition: `lib/tiers/${tier}/${name}.ts`,
  unitTest: `test/lib/tiers/${tier}/${name}.test.ts`,
  proof: `test/proofs/${name}.ts`,
  platform: `test/platforms/${name}.yaml`,
});

/** What the definition of a component imports, beside its needs. */
const imported = 'access archived backup defineComponent Deployment gateway hostsOf HttpRoute images StatefulSet tcp temporary z';

/** Checks the command line; throws {@link Refused} with everything that is wrong. @param root the repository */
export function newComponent(given: Arguments, root: string): NewComponent {
  const { tier, name, title, documentation, port = '8080' } = given;
  const known = bindingNeeds(root);
  const asked = (given.needs ?? '').split(',').filter(Boolean);
  const identifier = name.replace(/-+(.?)/g, (_, letter: string) => letter.toUpperCase());
  const { image, problems: imageProblems } = imageOf(given.image, identifier);
  const problems = [
    ...when(!Object.hasOwn(tiers, tier), `there is no tier "${tier}"; ${suggest(tier, Object.keys(tiers))}`),
    ...nameProblems(tier, name, root),
    ...when(
      [...imported.split(' '), ...known.map((need) => need.name)].includes(identifier) || !isIdentifier(identifier),
      `"${identifier}" means something else in the file of a component; write for example ${name}-server`,
    ),
    ...asked.flatMap((need) => needProblems(need, known)),
    ...when(
      !/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535,
      `--port: "${port}" is no port; write a number from 1 to 65535, for example 8080`,
    ),
    ...when(
      title !== undefined && (title.trim() === '' || /[\r\n]|\*\//.test(title)),
      '--title: must be one line; write for example "Demo, a page that greets"',
    ),
    ...when(
      documentation !== undefined && !/^https:\/\/[\w.-]+\.\w+(\/[^\s*'"`]*)?$/.test(documentation),
      `--documentation: "${documentation}" is no address; write for example https://mlflow.org/docs/latest/`,
    ),
    ...imageProblems,
  ];
  if (problems.length > 0) throw new Refused([...new Set(problems)].join('\n'));
  const needs = [...new Set(asked)].flatMap((name) => known.find((need) => need.name === name) ?? []);
  return { tier: tier as TierName, name, identifier, image, port: Number(port), needs, title, documentation };
}

const when = (wrong: boolean, problem: string): string[] => (wrong ? [problem] : []);

const isIdentifier = (word: string): boolean => {
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, true, ts.LanguageVariant.Standard, word);
  return scanner.scan() === ts.SyntaxKind.Identifier && scanner.getTokenEnd() === word.length;
};

function nameProblems(tier: string, name: string, root: string): string[] {
  if (!/^[a-z][a-z0-9-]{1,28}[a-z0-9]$/.test(name)) {
    const form = '3 to 30 lower-case letters, digits and dashes, and begin with a letter';
    return [`"${name}" is no name of a component: it must be ${form}; write for example orders-db`];
  }
  if (Object.hasOwn(catalogue, name)) return [`there is a component "${name}" already; write another name`];
  return Object.values(filesOf(tier, name))
    .filter((path) => existsSync(join(root, path)))
    .map((path) => `${path} is there already, and is not that of a component; write another name`);
}

function needProblems(need: string, known: readonly BindingNeed[]): string[] {
  const names = known.map(({ name }) => name);
  if (!names.includes(need)) return [`--needs: there is no need "${need}"; ${suggest(need, names)}`];
  return when(providerOf(need) === undefined, `--needs: no component gives ${need}; make one that does first`);
}

/** The image of a component; of one that has none yet, a web server which stands in for it. */
function imageOf(given: string | undefined, identifier: string): { image: Image; problems: string[] } {
  const all: Readonly<Record<string, string>> = images;
  const own = Object.hasOwn(all, identifier) ? all[identifier] : undefined;
  const reference = given ?? own ?? images.busybox;
  const key = Object.keys(all).find((other) => given !== undefined && all[other] === given) ?? identifier;
  const image = { key, reference, known: Object.hasOwn(all, key), own: given !== undefined || own !== undefined };
  const form = /^[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?(\/[a-z0-9._-]+)+:(?!latest$)\w[\w.-]*$/;
  return {
    image,
    problems: [
      ...when(
        !form.test(reference),
        `--image: "${reference}" must be registry, name and version; write for example docker.io/library/nginx:1.30`,
      ),
      ...when(
        image.known && all[key] !== reference,
        `--image: lib/images.ts has ${key} as ${all[key]}; leave --image away to run that, or change it there`,
      ),
    ],
  };
}
