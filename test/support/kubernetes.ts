import type {
  V1ConfigMap,
  V1CronJob,
  V1DaemonSet,
  V1Deployment,
  V1Job,
  V1LimitRange,
  V1Namespace,
  V1NetworkPolicy,
  V1PersistentVolumeClaim,
  V1PodDisruptionBudget,
  V1PodTemplateSpec,
  V1PriorityClass,
  V1Role,
  V1RoleBinding,
  V1Service,
  V1ServiceAccount,
  V1StatefulSet,
  V1StorageClass,
} from '@kubernetes/client-node' with { 'resolution-mode': 'import' };

/** Every field said: tests look at fields that they expect to be there. */
export type Full<T> = T extends (infer Item)[]
  ? Full<Item>[]
  : T extends object
    ? { [K in keyof T]-?: Full<NonNullable<T[K]>> }
    : T;

interface Metadata {
  name: string;
  namespace: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

export interface RouteRule {
  match: string;
  middlewares?: { name: string }[];
  services: { kind?: string; name: string; port?: string }[];
}
interface TraefikRoute {
  metadata: Metadata;
  spec: { entryPoints: string[]; routes: RouteRule[]; tls?: { certResolver?: string; options?: { name: string } } };
}
export interface Application {
  metadata: Metadata;
  spec: {
    project: string;
    source: { repoURL: string; targetRevision: string; path: string };
    destination: { server: string; namespace: string };
    ignoreDifferences?: { group: string; kind: string; name: string; namespace: string; jsonPointers: string[] }[];
    syncPolicy: { automated: { prune: boolean; selfHeal: boolean }; syncOptions: string[] };
  };
}
interface AppProject {
  metadata: Metadata;
  spec: {
    sourceRepos: string[];
    destinations: { server: string; namespace: string }[];
    clusterResourceWhitelist: { group: string; kind: string }[];
  };
}
interface SecretStore {
  metadata: Metadata;
  spec: {
    provider: {
      vault: {
        path: string;
        version: string;
        auth: {
          jwt: {
            path: string;
            role: string;
            kubernetesServiceAccountToken: { serviceAccountRef: { name: string; audiences: string[] } };
          };
        };
      };
    };
  };
}
interface ExternalSecret {
  metadata: Metadata;
  spec: {
    secretStoreRef: { name: string; kind: string };
    target: { name: string; template: { type: string } };
    data: { secretKey: string; remoteRef: { key: string; property: string } }[];
  };
}

/** Kind → the shape of its objects. */
export interface Kinds {
  Application: Application;
  AppProject: AppProject;
  Certificate: {
    metadata: Metadata;
    spec: { secretName: string; dnsNames: string[]; issuerRef: { group: string; kind: string; name: string } };
  };
  ConfigMap: Full<V1ConfigMap>;
  CronJob: Full<V1CronJob>;
  DaemonSet: Full<V1DaemonSet>;
  Deployment: Full<V1Deployment>;
  ExternalSecret: ExternalSecret;
  SecretStore: SecretStore;
  HelmChartConfig: { metadata: Metadata; spec: { valuesContent: string } };
  IngressRoute: TraefikRoute;
  IngressRouteTCP: TraefikRoute;
  IngressRouteUDP: TraefikRoute;
  Job: Full<V1Job>;
  LimitRange: Full<V1LimitRange>;
  Middleware: {
    metadata: Metadata;
    spec: {
      basicAuth?: { secret: string; removeHeader: boolean };
      buffering?: { maxRequestBodyBytes: number };
      chain?: { middlewares: { name: string }[] };
      circuitBreaker?: { expression: string; fallbackDuration: string };
      forwardAuth?: {
        address: string;
        authResponseHeaders: string[];
        addAuthCookiesToResponse: string[];
        maxResponseBodySize: number;
      };
      headers?: Record<string, unknown>;
      rateLimit?: { average: number; burst: number };
      retry?: { attempts: number; initialInterval: string };
    };
  };
  Namespace: Full<V1Namespace>;
  NetworkPolicy: Full<V1NetworkPolicy>;
  PersistentVolumeClaim: Full<V1PersistentVolumeClaim>;
  PodDisruptionBudget: Full<V1PodDisruptionBudget>;
  PriorityClass: Full<V1PriorityClass>;
  Role: Full<V1Role>;
  RoleBinding: Full<V1RoleBinding>;
  ServersTransportTCP: {
    metadata: Metadata;
    spec: { tls: { serverName: string; rootCAs: { secret: string }[] } };
  };
  ServersTransport: {
    metadata: Metadata;
    spec: { serverName: string; rootCAs: { secret: string }[]; minVersion: string };
  };
  Service: Full<V1Service>;
  ServiceAccount: Full<V1ServiceAccount>;
  StatefulSet: Full<V1StatefulSet>;
  StorageClass: Full<V1StorageClass>;
  TLSOption: { metadata: Metadata; spec: { alpnProtocols?: string[]; minVersion: string } };
  TLSStore: { metadata: Metadata; spec: { defaultCertificate: { secretName: string } } };
}
export type Kind = keyof Kinds;
export type PodTemplate = Full<V1PodTemplateSpec>;
export type Container = PodTemplate['spec']['containers'][number];

/** An object as it stands in a manifest. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
}
