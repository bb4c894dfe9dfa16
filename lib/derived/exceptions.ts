import { directPorts } from '../core/egress';
import { gateway } from '../core/gateway';
import type { Platform } from '../core/platform';
import { proxyPorts } from '../core/proxy';
import { publicPorts } from '../core/service';
import type { Workload } from '../core/workload';
import { code, link, page, table } from './markdown';

/** One departure from the hardened defaults of a workload. */
export interface Departure {
  readonly workload: Workload;
  readonly what: string;
  readonly why: string;
}

/** What the components declared as exceptions, which of them reach the internet, and which the internet reaches. */
export function departures(platform: Platform): Departure[] {
  const { exceptions, workloads } = platform.graph;
  const { peer } = platform.provider(gateway);
  const isGateway = ({ namespace, name }: Workload) =>
    namespace === peer.namespace && name === peer.podLabels['app.kubernetes.io/instance'];
  return [
    ...exceptions,
    ...workloads.flatMap((workload) => {
      const { internet } = workload.props;
      if (!internet) return [];
      return [{ workload, what: `egress to ${waysOut(workload).join(', and to ')}`, why: internet.why }];
    }),
    ...workloads.flatMap((workload) => {
      const ports = publicPorts(workload).map(({ port, number }) => `${number}/${port.protocol}`);
      if (ports.length === 0) return [];
      const why = isGateway(workload)
        ? 'It is the gateway: requests from outside come in here.'
        : 'Its clients connect to it directly, beside the gateway.';
      return [{ workload, what: `public ports ${ports.join(', ')}`, why }];
    }),
  ];
}

/** Where the pods of a workload may go outside the cluster. */
function waysOut(workload: Workload): string[] {
  const { proxy } = workload.component.platform.config;
  const where = workload.props.internet?.privateToo ? 'the internet and private addresses' : 'the internet';
  const direct = directPorts(workload);
  return [
    ...(proxy ? [`the proxy, port ${proxyPorts(proxy).join(', ')}`] : []),
    ...(direct.length > 0 ? [`${where}, port ${direct.join(', ')}`] : []),
  ];
}

const head = ['Workload', 'Exception', 'Why'];
const row = ({ workload, what, why }: Departure) => [code(`${workload.namespace}/${workload.name}`), what, why];

export const exceptionsTable = (platform: Platform): string => table(head, departures(platform).map(row));

/** The exceptions of all platforms in one list. */
export function exceptionsPage(platforms: readonly Platform[]): string {
  return page(
    '# Exceptions to the hardened defaults',
    'Every pod runs with the defaults of [security.md](security.md). What departs from them is listed here, and nowhere' +
      ' does a manifest depart from them otherwise.',
    table(
      ['Platform', ...head],
      platforms.flatMap((platform) =>
        departures(platform).map((departure) => [
          link(platform.config.name, `platforms/${platform.config.name}.md`),
          ...row(departure),
        ]),
      ),
    ),
  );
}
