import type { NewComponent } from './new-component';

/** A text as TypeScript writes it. */
const quoted = (text: string) => JSON.stringify(text);

/** Lines that are there in some components only. */
const when = (there: boolean, lines: string) => (there ? `${lines}\n` : '');

/** The comment that a person answers by replacing what stands below it; `npm run lint` refuses those that are left. */
export const replace = (what: string) => `// Replace: ${what}`;

/** Whether it keeps data on a volume of its own: where nothing that it needs keeps it. */
export const hasVolume = ({ needs }: NewComponent): boolean => !needs.some(({ use }) => use?.keepsData === true);

/** How people call it. */
export const titleOf = ({ title, name }: NewComponent): string =>
  title ?? `${name.charAt(0).toUpperCase()}${name.slice(1).replaceAll('-', ' ')}`;

/** The file of its definition. */
export function definitionText(component: NewComponent): string {
  const { tier, identifier, needs, documentation } = component;
  const title = titleOf(component);
  const volume = hasVolume(component);
  const kind = volume ? 'StatefulSet' : 'Deployment';
  const used = needs.filter(({ use }) => use !== undefined);
  const unused = needs.filter(({ use }) => use === undefined).map(({ name }) => name);
  return `${imports(component, kind)}

/** ${title}.${documentation === undefined ? '' : ` ${documentation}`} */
export const ${identifier} = defineComponent({
  ${when(component.title === undefined, replace('the name of the program, and what it is in a few words.'))}title: ${quoted(title)},
  ${when(documentation === undefined, replace('the documentation of the program.'))}documentation: ${quoted(documentation ?? 'https://example.org/')},
  ${replace('what the program itself asks of those who come to it.')}
  signIn: 'nothing itself: its route decides',
  ${when(volume, `${replace('what stands on its volume.')}\nkeeps: 'its files, in a backup as an archive of the volume, for which it is stopped',`)}tier: ${quoted(tier)},
  ${when(volume, "volumes: { data: '1Gi' },")}options: z.strictObject({
    access: access('sso'),
    ${when(volume, "backup: backup('medium'),")}
  }),
  needs: { ${['gateway', ...needs.map(({ name }) => name)].join(', ')} },
  ${when(unused.length > 0, replace(`what it asks of ${unused.join(', ')}: take it from what build is given, and use it.`))}build(self, { ${['options', ...used.map(({ name }) => name)].join(', ')} }) {
    ${used.map(({ use }) => `${use?.take}\n`).join('')}${when(volume, "const data = self.volume('data', archived(options.backup));")}
    const server = new ${kind}(self, self.name, {
      image: images.${component.image.key},
      ${command(component)}
      ${env(component)}ports: { http: ${component.port} },
      ${replace('every place to which the program writes; the root file system is read-only.')}
      mounts: { ${when(volume, "'/data': data,")}'/tmp': temporary('tmp', '64Mi') },
      ${replace('the user that the image is made for.')}
      user: { uid: 1000, gid: 1000 },
      ${replace('what the program answers once it can serve, for example http(path).')}
      probes: { ready: tcp('http') },
      ${replace('what the program takes, as measured.')}
      resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { cpu: '1', memory: '512Mi' } },
    });
    new HttpRoute(self, self.name, {
      hosts: [self.name],
      to: server.endpoint('http'),
      access: options.access,
      ${replace('what the tile on the start page says and shows.')}
      tile: { title: ${quoted(title.split(',')[0] ?? '')}, description: ${quoted(title)}, icon: 'mdi-application' },
    });
  },
});
`;
}

function imports(component: NewComponent, kind: string): string {
  const { needs } = component;
  const modules = new Map<string, string[]>();
  for (const { file, name } of needs) modules.set(file, [...(modules.get(file) ?? []), name]);
  const core = [
    ['archived', 'backup', hasVolume(component)],
    [kind, 'controllers', true],
    ['defineComponent', 'definition', true],
    ['gateway', 'gateway', true],
    ['temporary', 'mount', true],
    ['hostsOf', 'override-hosts', needs.some(({ use }) => use?.take.includes('hostsOf(') === true)],
    ['tcp', 'probe', true],
    ['HttpRoute', 'route', true],
  ] as const;
  return [
    "import { z } from 'zod';",
    ...[...modules].map(([file, names]) => `import { ${names.join(', ')} } from '../../bindings/${file}';`),
    ...core.flatMap(([name, file, used]) => (used ? [`import { ${name} } from '../../core/${file}';`] : [])),
    "import { images } from '../../images';",
    `import { access${hasVolume(component) ? ', backup' : ''} } from '../../options';`,
  ].join('\n');
}

/** How it starts: without an image of its own, as a web server without pages. */
const command = ({ image, port }: NewComponent): string =>
  image.own
    ? replace('command: [program, …arguments]; until it is said the image decides what starts.')
    : `${replace('the program and its arguments.')}\ncommand: ['httpd', '-f', '-p', '${port}', '-h', '/tmp'],`;

function env({ needs }: NewComponent): string {
  const entries = needs.flatMap(({ use }) => use?.env ?? []);
  const lines = [replace('the names by which the program knows these.'), ...entries.map((entry) => `${entry},`)];
  return when(entries.length > 0, `env: {\n${lines.join('\n')}\n},`);
}
