import { k8s } from 'cdk8s-plus-28';
import { HelmChartConfig } from '../../../imports/helm.cattle.io';
import { caEnv, caFolder, type CaCertificates } from '../../core/ca-certificates';
import type { Component } from '../../core/component';
import { yaml } from '../../core/config-files';
import { proxyEnv } from '../../core/proxy';
import type { EntryPoint } from '../../core/route';
import { gatewayWaysOut } from './gateway-ways-out';
import type { TraefikOptions } from './traefik-options';

/**
 * Configures the Traefik that k3s brings rather than running another one.
 * https://docs.k3s.io/networking/networking-services#traefik-ingress-controller
 * What every version of the bundled chart understands the same is said as Traefik's own arguments.
 */
export function k3sTraefik(component: Component, options: TraefikOptions, entryPoints: EntryPoint[]): void {
  const { name, tls } = component.platform.config;
  const { traces } = options;
  const acme = tls.mode === 'lets-encrypt';
  const values = {
    additionalArguments: [
      '--entrypoints.web.http.redirections.entrypoint.to=:443',
      '--entrypoints.web.http.redirections.entrypoint.scheme=https',
      '--entrypoints.websecure.transport.respondingtimeouts.readtimeout=1h',
      ...(acme
        ? [
            `--certificatesresolvers.letsencrypt.acme.email=${tls.email}`,
            '--certificatesresolvers.letsencrypt.acme.storage=/data/acme.json',
            '--certificatesresolvers.letsencrypt.acme.httpchallenge.entrypoint=web',
            ...(tls.server ? [`--certificatesresolvers.letsencrypt.acme.caserver=${tls.server}`] : []),
          ]
        : []),
      ...(traces
        ? [
            `--tracing.servicename=${name}-gateway`,
            `--tracing.samplerate=${traces.sampleRate}`,
            `--tracing.otlp.http.endpoint=${traces.endpoint}`,
          ]
        : []),
    ],
    logs: { general: { level: options.logLevel }, access: { enabled: true, format: 'json' } },
    service: { spec: { externalTrafficPolicy: 'Local' } },
    ports: Object.fromEntries(
      entryPoints.map(({ name, port, protocol }) => [name, { port, exposedPort: port, protocol, expose: { default: true } }]),
    ),
    ...(acme
      ? {
          persistence: {
            enabled: true,
            path: '/data',
            ...certificateStore(component),
          },
          // The store is one file of one pod, and its group must not read it.
          deployment: { replicas: 1 },
          updateStrategy: { type: 'Recreate', rollingUpdate: null },
          podSecurityContext: { fsGroup: 65532, fsGroupChangePolicy: 'OnRootMismatch' },
        }
      : {}),
    ...(gatewayWaysOut(component.platform.config, options) ? egressValues(component) : {}),
  };
  new HelmChartConfig(component, 'helm-chart-config', {
    metadata: { name: 'traefik', namespace },
    spec: { valuesContent: yaml(values) },
  });
}

/** Where k3s runs it. */
const namespace = 'kube-system';

/** The way out by the platform’s proxy, and its authorities; they must be in the namespace of Traefik. */
function egressValues(component: Component): object {
  const { config } = component.platform;
  const { caCertificates } = config;
  const env = { ...proxyEnv(config), ...(caCertificates ? { SSL_CERT_DIR: caEnv.SSL_CERT_DIR } : {}) };
  const variables = Object.entries(env).map(([name, value]) => ({ name, value }));
  return {
    ...(variables.length > 0 ? { env: variables } : {}),
    ...(caCertificates ? { volumes: [{ ...caVolume(component, caCertificates), mountPath: caFolder }] } : {}),
  };
}

function caVolume(component: Component, given: CaCertificates): object {
  if ('secret' in given) return { name: given.secret, type: 'secret' };
  if ('configMap' in given) return { name: given.configMap, type: 'configMap' };
  const name = `${component.name}-ca-certificates`;
  new k8s.KubeConfigMap(component, `config-${name}`, { metadata: { name, namespace }, data: { 'ca.crt': given.pem } });
  return { name, type: 'configMap' };
}

/** Size and class of the volume that the chart makes. */
function certificateStore(component: Component): { readonly size: string; readonly storageClass?: string } {
  const { size, class: own } = component.volume('acme', 'none').props;
  const storageClass = own ?? component.platform.config.storage.class;
  return { size, ...(storageClass ? { storageClass } : {}) };
}
