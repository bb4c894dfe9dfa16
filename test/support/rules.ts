import { kinds } from '../../lib/core/kinds';
import { quantityValue } from '../../lib/core/resources';
import { images } from '../../lib/images';
import type { Kind, KubernetesObject, PodTemplate } from './kubernetes';
import { all, containersOf, podsOf, type Pods } from './objects';
import type { Synthesis } from './synthesis';

/** A rule answers with what breaks it, one sentence each. */
export type Rule = (synthesis: Synthesis) => string[];

const label = ({ kind, metadata }: KubernetesObject) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
const selectorKeys = ['app.kubernetes.io/instance', 'app.kubernetes.io/name'];
type Labels = Record<string, string>;
const includes = (labels: Labels, selector: Labels) => Object.entries(selector).every(([key, value]) => labels[key] === value);
const equal = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
const when = (broken: boolean, message: string) => (broken ? [message] : []);

/** Every text anywhere in a value, with the way to it. */
function texts(value: unknown, path = ''): { path: string; text: string }[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => texts(child, `${path}.${key}`));
}

/** Every container, also those that run first. */
function eachContainer(
  { objects }: Synthesis,
  check: (container: ReturnType<typeof containersOf>[number], pods: Pods) => string[],
): string[] {
  return podsOf(objects).flatMap((pods) =>
    containersOf(pods.template).flatMap((container) =>
      check(container, pods).map((message) => `${pods.owner}, ${container.name}: ${message}`),
    ),
  );
}

const pinned: Rule = (synthesis) =>
  eachContainer(synthesis, ({ image }) => [
    ...when(!/:[^:/]+$/.test(image) || image.endsWith(':latest'), `image ${image} is not pinned`),
    ...when(!Object.values<string>(images).includes(image), `image ${image} is not in lib/images.ts`),
  ]);

const sized: Rule = (synthesis) =>
  eachContainer(synthesis, ({ resources }) =>
    (['cpu', 'memory'] as const).flatMap((key) => {
      const request = quantityValue(String(resources?.requests?.[key]));
      const limit = quantityValue(String(resources?.limits?.[key]));
      return [
        ...when(request === undefined, `no ${key} request`),
        ...when(limit === undefined, `no ${key} limit`),
        ...when((request ?? 0) > (limit ?? Infinity), `${key} request above its limit`),
      ];
    }),
  );

/** https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted, and what hearth adds to it. */
const restricted: Rule = (synthesis) => [
  ...podsOf(synthesis.objects).flatMap(({ owner, template: { spec } }) => {
    const context = spec.securityContext ?? {};
    const volumes = (spec.volumes as PodTemplate['spec']['volumes'] | undefined) ?? [];
    return [
      ...when(context.runAsNonRoot !== true, 'may run as root'),
      ...when(!(context.runAsUser > 0), 'has no user'),
      ...when(!(context.runAsGroup > 0), 'has no group'),
      ...when(context.seccompProfile?.type !== 'RuntimeDefault', 'has no seccomp profile'),
      ...when(spec.hostNetwork || spec.hostPID || spec.hostIPC, 'shares namespaces of its node'),
      ...when(spec.enableServiceLinks !== false, 'has service links'),
      ...when(spec.automountServiceAccountToken !== (spec.serviceAccountName !== undefined), 'has a token without need'),
      ...volumes
        .filter((volume) => !['configMap', 'secret', 'emptyDir', 'persistentVolumeClaim'].some((key) => key in volume))
        .map(({ name }) => `volume ${name} is of a kind that restricted pods may not have`),
    ].map((message) => `${owner} ${message}`);
  }),
  ...eachContainer(synthesis, ({ securityContext: context, ports }) => [
    ...when(context?.allowPrivilegeEscalation !== false, 'may gain privileges'),
    ...when(context?.readOnlyRootFilesystem !== true, 'may write to its root file system'),
    ...when(!equal(context?.capabilities, { drop: ['ALL'] }), 'keeps capabilities'),
    ...when(context?.privileged === true, 'is privileged'),
    ...when(context?.runAsUser !== undefined && context.runAsUser === 0, 'runs as root'),
    ...when(
      (ports ?? []).some((port) => port.hostPort),
      'takes a port of its node',
    ),
  ]),
];

/** What passwords, keys and their hashes look like. */
const generated = [
  /-----BEGIN/,
  /\$2[abxy]\$\d\d\$/,
  /\b[0-9a-f]{32,}\b/i,
  /:\/\/[^\s:/@$]+:[^\s:/@$]+@/,
  /(?=[A-Za-z0-9+]*\d)(?=[A-Za-z0-9+]*[A-Z])(?=[A-Za-z0-9+]*[a-z])[A-Za-z0-9+]{32,}/,
];
/** Public, although it looks like a key. */
const certificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const noSecrets: Rule = (synthesis) => [
  // Without data it is a place that a job of the platform may fill.
  ...synthesis.objects
    .filter((object) => object.kind === 'Secret' && ('data' in object || 'stringData' in object))
    .map((object) => `${label(object)} is in the manifests`),
  ...synthesis.objects
    .filter(({ kind }) => kind !== 'CustomResourceDefinition')
    .flatMap((object) =>
      texts(object)
        .filter(({ text }) => generated.some((pattern) => pattern.test(text.replaceAll(certificate, ''))))
        .map(({ path }) => `${label(object)}${path} looks like a secret`),
    ),
  ...eachContainer(synthesis, ({ env }) =>
    (env ?? [])
      .filter(({ name }) => /(PASSWORD|SECRET|TOKEN|KEY)$/.test(name))
      .filter(({ value = '' }: { value?: string }) => value !== '' && !/^\$\(\w+\)$/.test(value))
      .map(({ name }) => `${name} is written out`),
  ),
];

const unique: Rule = ({ objects }) => {
  const identity = (object: KubernetesObject) => `${object.apiVersion} ${label(object)}`;
  const identities = objects.map(identity);
  return identities.filter((name, i) => identities.indexOf(name) !== i).map((name) => `${name} is there twice`);
};

const selectors: Rule = ({ objects }) => {
  const named = (owner: string, selector: Labels) => [
    ...when(!equal(Object.keys(selector).sort(), selectorKeys), `${owner} selects by ${Object.keys(selector).join()}`),
    ...when(
      Object.values(selector).some((value) => /[-_][0-9a-f]{8,}$/.test(value)),
      `${owner} selects by a hash`,
    ),
  ];
  const controllers = (['Deployment', 'StatefulSet', 'DaemonSet'] as const).flatMap((kind) => all(objects, kind));
  return [
    ...controllers.flatMap(({ metadata, spec }) => [
      ...named(metadata.name, spec.selector.matchLabels),
      ...when(!includes(spec.template.metadata.labels, spec.selector.matchLabels), `${metadata.name} selects no pod`),
    ]),
    ...all(objects, 'Service').flatMap(({ metadata, spec }) => named(metadata.name, spec.selector)),
    ...all(objects, 'PodDisruptionBudget').flatMap(({ metadata, spec }) => named(metadata.name, spec.selector.matchLabels)),
    ...all(objects, 'NetworkPolicy')
      .filter(({ metadata }) => metadata.name !== 'default-deny')
      .flatMap(({ metadata, spec }) => named(metadata.name, spec.podSelector.matchLabels)),
    ...podsOf(objects).flatMap(({ owner, template }) => {
      const constraints = template.spec.topologySpreadConstraints as PodTemplate['spec']['topologySpreadConstraints'] | undefined;
      return (constraints ?? []).flatMap(({ labelSelector }) => named(owner, labelSelector.matchLabels));
    }),
  ];
};

/** Kinds that belong to no namespace. */
const clusterScoped = kinds.filter((kind) => kind.clusterScoped).map(({ kind }) => kind);
const namespaces: Rule = ({ objects, config }) => {
  const known = all(objects, 'Namespace').map(({ metadata }) => metadata.name);
  return objects.flatMap((object) => {
    const { kind, metadata } = object;
    if (clusterScoped.includes(kind)) {
      return when(metadata.namespace !== undefined, `${label(object)} is in a namespace`);
    }
    const expected =
      kind === 'HelmChartConfig'
        ? ['kube-system']
        : ['Application', 'AppProject'].includes(kind)
          ? [config.argoCd?.namespace]
          : known;
    return when(!expected.includes(metadata.namespace), `${label(object)} is in a namespace that nobody makes`);
  });
};

const references: Rule = ({ objects, secrets, config }) => {
  const has = (kind: Kind, namespace: string | undefined, name: string) =>
    all(objects, kind).some(
      ({ metadata }) => metadata?.name === name && (namespace === undefined || metadata.namespace === namespace),
    );
  const noSecret = (namespace: string, name: string, keys: string[]) => {
    const secret = secrets.find((candidate) => candidate.namespace === namespace && candidate.name === name);
    const filledLater = objects.some(
      ({ kind, metadata }) => kind === 'Secret' && metadata.namespace === namespace && metadata.name === name,
    );
    if (filledLater) return [];
    if (!secret) return [`no Secret ${name}`];
    return keys.filter((key) => !secret.keys.includes(key)).map((key) => `Secret ${name} has no ${key}`);
  };
  const noService = (url: string) => {
    const { hostname, port } = new URL(url);
    const [name = '', namespace = ''] = hostname.split('.');
    const service = all(objects, 'Service').find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
    return when(!service?.spec.ports.some((candidate) => String(candidate.port) === port), `no Service for ${url}`);
  };
  const claims = [
    ...all(objects, 'PersistentVolumeClaim').map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
    ...all(objects, 'StatefulSet').flatMap(({ metadata, spec }) =>
      (spec.volumeClaimTemplates ?? []).flatMap((claim) =>
        Array.from(
          { length: spec.replicas },
          (_, replica) => `${metadata.namespace}/${claim.metadata.name}-${metadata.name}-${replica}`,
        ),
      ),
    ),
  ];
  const ofPods = podsOf(objects).flatMap(({ owner, namespace, template, claimTemplates }) => {
    const { spec } = template;
    const volumes = (spec.volumes as PodTemplate['spec']['volumes'] | undefined) ?? [];
    const names = [...volumes.map(({ name }) => name), ...claimTemplates];
    const configMap = (name: string) =>
      all(objects, 'ConfigMap').find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
    const mounted = (volume: string) => volumes.find(({ name }) => name === volume)?.configMap?.name;
    return [
      ...volumes.flatMap(({ configMap: config, secret, persistentVolumeClaim: claim }) => [
        ...(config ? when(!configMap(config.name), `no ConfigMap ${config.name}`) : []),
        ...(secret
          ? noSecret(
              namespace,
              secret.secretName,
              (secret.items ?? []).map(({ key }) => key),
            )
          : []),
        ...(claim ? when(!claims.includes(`${namespace}/${claim.claimName}`), `no claim ${claim.claimName}`) : []),
      ]),
      ...containersOf(template).flatMap(({ env, volumeMounts }) => [
        ...(env ?? []).flatMap((variable) => {
          const key = (variable.valueFrom as { secretKeyRef?: { name: string; key: string } } | undefined)?.secretKeyRef;
          return key ? noSecret(namespace, key.name, [key.key]) : [];
        }),
        ...((volumeMounts as { name: string; subPath?: string }[] | undefined) ?? []).flatMap(({ name, subPath }) => [
          ...when(!names.includes(name), `no volume ${name}`),
          ...(subPath && mounted(name)
            ? when(!(subPath in (configMap(mounted(name) ?? '')?.data ?? {})), `no file ${subPath}`)
            : []),
        ]),
      ]),
      ...when(
        spec.serviceAccountName !== undefined && !has('ServiceAccount', namespace, spec.serviceAccountName),
        `no ServiceAccount ${spec.serviceAccountName}`,
      ),
      ...when(!has('PriorityClass', undefined, spec.priorityClassName), `no PriorityClass ${spec.priorityClassName}`),
    ].map((message) => `${owner}: ${message}`);
  });
  const classes = [
    ...all(objects, 'PersistentVolumeClaim').map((claim) => claim.spec.storageClassName),
    ...all(objects, 'StatefulSet').flatMap(({ spec }) =>
      (spec.volumeClaimTemplates ?? []).map((claim) => claim.spec.storageClassName),
    ),
  ] as (string | undefined)[];
  // What the platform file names is in the cluster already.
  const given = Object.values(config.services).flatMap(({ overrides }) =>
    Object.values(overrides?.storage ?? {}).map((volume) => volume.class),
  );
  const known = [undefined, config.storage.class, ...given];
  return [
    ...ofPods,
    ...classes
      .filter((name) => name !== undefined && !known.includes(name) && !has('StorageClass', undefined, name))
      .map((name) => `no StorageClass ${name}`),
    ...all(objects, 'RoleBinding').flatMap(({ metadata, roleRef, subjects }) => [
      ...when(!has('Role', metadata.namespace, roleRef.name), `RoleBinding ${metadata.name}: no Role ${roleRef.name}`),
      ...subjects
        .filter(({ namespace, name }) => !has('ServiceAccount', namespace, name))
        .map(({ name }) => `RoleBinding ${metadata.name}: no ServiceAccount ${name}`),
    ]),
    ...all(objects, 'Middleware').flatMap(({ metadata, spec: { basicAuth } }) => {
      if (!basicAuth) return [];
      const secret = secrets.find(({ namespace, name }) => namespace === metadata.namespace && name === basicAuth.secret);
      return [
        ...noSecret(metadata.namespace, basicAuth.secret, ['users']),
        // Traefik refuses another one.
        ...when((secret?.keys.length ?? 1) > 1, `Secret ${basicAuth.secret} of a middleware has more than one key`),
      ];
    }),
    ...all(objects, 'Middleware').flatMap(({ metadata, spec: { chain, forwardAuth } }) => [
      ...(chain?.middlewares ?? []).flatMap(({ name }) =>
        when(!has('Middleware', metadata.namespace, name), `Middleware ${metadata.name}: no Middleware ${name}`),
      ),
      ...(forwardAuth ? noService(forwardAuth.address) : []),
    ]),
    ...all(objects, 'ServersTransport').flatMap(({ metadata, spec }) =>
      spec.rootCAs.flatMap(({ secret }) => noSecret(metadata.namespace, secret, ['ca.crt'])),
    ),
    ...all(objects, 'TLSStore').flatMap(({ metadata, spec: { defaultCertificate } }) =>
      all(objects, 'Certificate').some((certificate) => certificate.spec.secretName === defaultCertificate.secretName)
        ? []
        : noSecret(metadata.namespace, defaultCertificate.secretName, ['tls.crt', 'tls.key']),
    ),
  ];
};

const services: Rule = ({ objects }) =>
  all(objects, 'Service').flatMap(({ metadata, spec }) => {
    const pods = podsOf(objects).filter(
      ({ namespace, template }) => namespace === metadata.namespace && includes(template.metadata.labels, spec.selector),
    );
    if (pods.length === 0) return [`Service ${metadata.name} selects no pod`];
    const ports = pods.flatMap(({ template }) => containersOf(template).flatMap((container) => container.ports ?? []));
    return (spec.ports ?? [])
      .filter(({ targetPort, protocol }) => !ports.some((port) => port.name === targetPort && port.protocol === protocol))
      .map(({ targetPort }) => `Service ${metadata.name}: no ${String(targetPort)}`);
  });

const routes: Rule = ({ objects }) =>
  (['IngressRoute', 'IngressRouteTCP', 'IngressRouteUDP'] as const).flatMap((kind) =>
    all(objects, kind).flatMap(({ metadata, spec }) =>
      spec.routes.flatMap(({ middlewares = [], services: targets }) => [
        ...targets
          .filter(({ kind: targetKind }) => targetKind !== 'TraefikService')
          .flatMap(({ name, port }) => {
            const service = all(objects, 'Service').find(
              (candidate) => candidate.metadata.namespace === metadata.namespace && candidate.metadata.name === name,
            );
            if (!service) return [`${kind} ${metadata.name}: no Service ${name}`];
            const found = service.spec.ports.some((candidate) => candidate.name === port);
            return when(!found, `${kind} ${metadata.name}: Service ${name} has no ${port}`);
          }),
        ...middlewares
          .filter(
            ({ name }) =>
              !all(objects, 'Middleware').some(
                (candidate) => candidate.metadata.namespace === metadata.namespace && candidate.metadata.name === name,
              ),
          )
          .map(({ name }) => `${kind} ${metadata.name}: no Middleware ${name}`),
      ]),
    ),
  );

const hosts: Rule = ({ objects }) => {
  const matches = (['IngressRoute', 'IngressRouteTCP'] as const).flatMap((kind) =>
    all(objects, kind).flatMap(({ spec }) => spec.routes.map(({ match }) => match)),
  );
  return matches.filter((match, i) => matches.indexOf(match) !== i).map((match) => `two routes for ${match}`);
};

const defaultDeny: Rule = ({ objects }) =>
  all(objects, 'Namespace')
    .filter(
      ({ metadata }) =>
        !all(objects, 'NetworkPolicy').some(
          (policy) =>
            policy.metadata.namespace === metadata.name &&
            equal(policy.spec, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }),
        ),
    )
    .map(({ metadata }) => `namespace ${metadata.name} has no default-deny policy`);

type PolicyPeer = { namespaceSelector?: { matchLabels: Labels }; podSelector?: { matchLabels: Labels } };
type PolicyRule = { from?: PolicyPeer[]; to?: PolicyPeer[]; ports: { port: number; protocol: string }[] };

/** A way out of one pod of the platform is a way into another one, and the other way round. */
const bothSides: Rule = ({ objects }) => {
  const known = all(objects, 'Namespace').map(({ metadata }) => metadata.name);
  const place = (namespace: string, labels: Labels = {}) => `${namespace}/${labels['app.kubernetes.io/instance']}`;
  const ways = all(objects, 'NetworkPolicy').flatMap(({ metadata, spec }) => {
    const own = place(metadata.namespace, spec.podSelector.matchLabels);
    const ends = (rules: PolicyRule[] | undefined, side: 'from' | 'to') =>
      (rules ?? []).flatMap(({ ports, [side]: peers = [] }) =>
        peers.flatMap(({ namespaceSelector, podSelector }) => {
          const namespace = namespaceSelector?.matchLabels['kubernetes.io/metadata.name'] ?? metadata.namespace;
          if (!podSelector || !known.includes(namespace)) return [];
          const other = place(namespace, podSelector.matchLabels);
          return ports.map(({ port, protocol }) => {
            const [from, to] = side === 'to' ? [own, other] : [other, own];
            return { side, way: `${from} → ${to} ${protocol} ${port}` };
          });
        }),
      );
    return [...ends(spec.ingress as PolicyRule[] | undefined, 'from'), ...ends(spec.egress as PolicyRule[] | undefined, 'to')];
  });
  return ways
    .filter(({ side, way }) => !ways.some((other) => other.way === way && other.side !== side))
    .map(({ side, way }) => `${way} is only open on the side of ${side === 'to' ? 'its start' : 'its end'}`);
};

const rights: Rule = ({ objects }) => [
  ...objects.filter(({ kind }) => kind.startsWith('ClusterRole')).map((object) => `${label(object)} is cluster-wide`),
  ...all(objects, 'Role').flatMap(({ metadata, rules: granted }) =>
    granted.flatMap(({ verbs, resources, apiGroups }) =>
      when([...verbs, ...resources, ...apiGroups].includes('*'), `Role ${metadata.name} grants everything`),
    ),
  ),
];

const published: Rule = ({ objects, publicPorts }) =>
  all(objects, 'Service')
    .filter(({ spec }) => spec.type === 'LoadBalancer' || spec.type === 'NodePort')
    .flatMap(({ metadata, spec }) =>
      spec.ports
        .map(({ name }) => `${metadata.namespace}/${spec.selector['app.kubernetes.io/instance']}/${name}`)
        .filter((port) => !publicPorts.includes(port))
        .map((port) => `${port} is reachable from outside although it is not public`),
    );

/** Every rule that holds for every platform. */
export const rules = {
  'every image is pinned, in lib/images.ts': pinned,
  'every container has requests and limits': sized,
  'every pod is restricted': restricted,
  'no manifest holds a secret': noSecrets,
  'no object is there twice': unique,
  'selectors are name and instance, without a hash': selectors,
  'every namespace is made by the platform': namespaces,
  'whatever a pod, role or route refers to exists': references,
  'every Service leads to a port of a pod': services,
  'every route leads to a Service and through middlewares of its namespace': routes,
  'no host and path has two routes': hosts,
  'every namespace denies by default': defaultDeny,
  'policies are open on both sides': bothSides,
  'no rights in the whole cluster': rights,
  'only public ports are reachable from outside': published,
} satisfies Record<string, Rule>;
export type RuleName = keyof typeof rules;
