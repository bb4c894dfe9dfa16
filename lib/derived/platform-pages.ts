import { methodOf } from '../core/backup';
import type { Platform } from '../core/platform';
import { accessInWords, HttpRoute, type Route } from '../core/route';
import { nodePort, publicPorts } from '../core/service';
import { tiers } from '../core/tier';
import type { Workload } from '../core/workload';
import { clusterFolder } from './cluster-wide';
import { exceptionsTable } from './exceptions';
import { bytesText, cpuText, footprint, type Amounts } from './footprint';
import { code, codes, fence, link, numbered, page, table } from './markdown';
import { credentialsSections } from './platform-credentials';
import { topology } from './topology';

/** Everything a platform offers, runs and keeps, on one page. */
export function platformPage(platform: Platform): string {
  const { name, domain, cluster, tls } = platform.config;
  return page(
    `# ${name}`,
    `Domain ${code(domain)}, cluster ${code(cluster)}, certificates ${code(tls.mode)}. ` + `Manifests: ${code(`dist/${name}/`)}.`,
    '## Topology',
    'Arrows are what the NetworkPolicies allow.',
    fence('mermaid', topology(platform)),
    '## Routes',
    'Plain HTTP on port 80 is redirected to HTTPS.',
    routesTable(platform),
    '## Public ports',
    portsTable(platform),
    '## Components',
    table(
      ['Component', 'Tier', 'Namespace', 'Workloads', 'Documentation'],
      platform.tiers.flatMap((tier) =>
        tier.components.map((component) => [
          link(component.title, `../components/${component.type}.md`),
          tier.title,
          code(tier.namespace),
          codes(platform.graph.workloadsOf(component).map(({ name }) => name)),
          `<${component.definition.documentation}>`,
        ]),
      ),
    ),
    '### Workloads',
    workloadsTable(platform),
    '### Volumes',
    volumesTable(platform),
    ...backupSection(platform),
    ...credentialsSections(platform),
    '## Footprint',
    footprintTable(platform),
    '## Exceptions to the hardened defaults',
    exceptionsTable(platform),
    '## Order',
    'Folders of the platform in the order in which they are applied:',
    order(platform),
  );
}

function routesTable(platform: Platform): string {
  return table(
    ['Address', 'Protocol', 'Access', 'Leads to'],
    platform.graph.routes.map((route) => [addresses(route), protocol(route), access(route), target(route)]),
  );
}

function addresses(route: Route): string {
  if (route instanceof HttpRoute) {
    const { pathname } = new URL(route.url);
    return route.hosts.map((host) => `<https://${host}${pathname}>`).join(' ');
  }
  return codes((route.hosts.length > 0 ? route.hosts : ['*']).map((host) => `${host}:${route.entryPoint?.port ?? ''}`));
}

function protocol(route: Route): string {
  if (route instanceof HttpRoute) return 'HTTPS';
  return route.entryPoint?.protocol === 'UDP' ? 'UDP' : 'TCP with TLS and SNI';
}

const access = (route: Route): string => (route instanceof HttpRoute ? accessInWords(route) : 'public');

const target = ({ to }: Route): string =>
  to ? `${code(`${to.workload.namespace}/${to.service}`)} port ${to.port.port}` : 'dashboard of the gateway';

function portsTable(platform: Platform): string {
  const kind = platform.config.cluster === 'kind';
  const rows = platform.graph.workloads
    .flatMap(publicPorts)
    .sort((a, b) => a.number - b.number || a.port.protocol.localeCompare(b.port.protocol))
    .map(({ workload, port, number }) => [
      String(number),
      port.protocol,
      `${code(`${workload.namespace}/${workload.name}`)} port ${port.port} (${port.name})`,
      code(`${workload.name}-public`),
      ...(kind ? [String(nodePort(number))] : []),
    ]);
  return table(
    ['Port', 'Protocol', 'Leads to', 'Service', ...(kind ? ['Node port'] : [])],
    rows,
    'None of its own: the gateway of the cluster has them.',
  );
}

function workloadsTable(platform: Platform): string {
  return table(
    ['Workload', 'Kind', 'Replicas', 'Image', 'Requests', 'Limits', 'Metrics'],
    inTierOrder(platform).map((workload) => {
      const { metrics } = workload.props;
      const { original: image, props } = workload.main;
      const { resources } = props;
      const quantities = ({ cpu, memory }: typeof resources.requests) => `${cpu} CPU, ${memory}`;
      return [
        code(`${workload.namespace}/${workload.name}`),
        workload.kind,
        workload.replicas === 0 ? '' : String(workload.replicas),
        code(image),
        quantities(resources.requests),
        quantities(resources.limits),
        metrics ? code(`:${workload.endpoint(metrics.port).port.port}${metrics.path}`) : '',
      ];
    }),
  );
}

function volumesTable(platform: Platform): string {
  return table(
    ['Claim', 'Size', 'StorageClass', 'Backup priority', 'Backup method'],
    inTierOrder(platform).flatMap((workload) =>
      workload.volumes.flatMap((volume) => {
        const { size, backup } = volume.props;
        const storageClass = volume.storageClass(workload);
        return volume
          .claimNames(workload)
          .map((claim) => [
            code(`${workload.namespace}/${claim}`),
            size,
            storageClass ? code(storageClass) : 'the cluster’s default',
            backup === 'none' ? 'none' : backup.priority,
            methodOf(backup) ?? '',
          ]);
      }),
    ),
  );
}

function backupSection({ graph, config }: Platform): string[] {
  if (graph.backups.length === 0) return [];
  return [
    '### Backups',
    `Times are in the time zone ${code(config.timeZone)}. See [storage-and-backup.md](../storage-and-backup.md).`,
    table(
      ['Name', 'Schedule', 'Repository', 'Backup', 'Restore'],
      graph.backups.map(({ name, backup, restore, repository }) => [
        code(name),
        code(backup.schedule),
        code(repository),
        code(`${backup.namespace}/${backup.name}`),
        code(`${restore.namespace}/${restore.name}`),
      ]),
    ),
  ];
}

function footprintTable(platform: Platform): string {
  const { workloads } = platform.graph;
  const running = footprint(workloads.filter(({ replicas }) => replicas > 0));
  const jobs = footprint(workloads.filter(({ replicas }) => replicas === 0));
  const amounts = ({ cpu, memory }: Amounts) => `${cpuText(cpu)} CPU, ${bytesText(memory)}`;
  const row = (title: string, { pods, requests, limits, storage }: typeof running) => [
    title,
    String(pods),
    amounts(requests),
    amounts(limits),
    storage > 0 ? bytesText(storage) : '',
  ];
  return table(
    ['Part', 'Pods', 'Requests', 'Limits', 'Storage'],
    [row('always', running), ...(jobs.pods > 0 ? [row('while its jobs run, in addition', jobs)] : [])],
  );
}

function order(platform: Platform): string {
  return numbered([
    `${code(clusterFolder)}: namespaces, priority classes and what else belongs to no namespace`,
    ...platform.tiers.map((tier) => {
      const title = `${code(tier.numbered)}: `;
      const components = tier.components.map((component) => {
        const providers = platform.graph.connections
          .filter(({ from, to }) => from.component === component && to.workload.component !== component)
          .map(({ to }) => to.workload.component.name);
        const waits = [...new Set(providers)];
        return waits.length > 0 ? `${component.name} (waits for ${waits.join(' and ')})` : component.name;
      });
      return `${title}${components.join(', ')}`;
    }),
  ]);
}

function inTierOrder(platform: Platform): Workload[] {
  const number = ({ component }: Workload) => tiers[component.tier.name].number;
  return [...platform.graph.workloads].sort((a, b) => number(a) - number(b));
}
