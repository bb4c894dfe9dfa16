import type { Component } from '../../core/component';
import type { ContainerProps } from '../../core/container';
import { Credential, password } from '../../core/credential';
import { http } from '../../core/probe';
import type { Workload } from '../../core/workload';
import type { PlatformRole } from '../../bindings/database-job';
import { images } from '../../images';

/** The role of the exporter, which the job of the databases makes: it reads statistics, and no table of anybody. */
export function exporterRole(component: Component, job: () => Workload): PlatformRole {
  const credential = new Credential(component, `${component.name}-exporter`, {
    keys: { password: password(20) },
    rotation: { by: 'job', job },
  });
  return { name: 'exporter', password: credential.key('password'), grants: ['GRANT pg_monitor TO "exporter";'] };
}

/** Metrics of the server in the same pod, on port `exporter`. https://github.com/prometheus-community/postgres_exporter */
export function postgresExporter(role: PlatformRole): ContainerProps {
  return {
    image: images.postgresExporter,
    command: ['/bin/postgres_exporter', '--web.listen-address=:9187'],
    env: {
      DATA_SOURCE_URI: '127.0.0.1:5432/postgres?sslmode=disable',
      DATA_SOURCE_USER: role.name,
      DATA_SOURCE_PASS: role.password,
    },
    ports: { exporter: { port: 9187, offered: false } },
    // It answers also while the server is not there.
    probes: { ready: http('/', 'exporter') },
    resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { cpu: '200m', memory: '128Mi' } },
  };
}
