import { Chart } from 'cdk8s';
import type { Platform } from './platform';

export interface ManifestFileProps {
  /** Folder below `dist/`. */
  readonly folder: string;
  /** Name of the file without `.k8s.yaml`. */
  readonly file: string;
  /** Namespace of its objects; absent for a file of cluster-scoped objects. */
  readonly namespace?: string;
}

/** A chart that knows which file of `dist/` it becomes. Object names are written out, never generated. */
export class ManifestFile extends Chart {
  /** Path below `dist/`. */
  readonly path: string;

  constructor(platform: Platform, id: string, props: ManifestFileProps) {
    super(platform, id, {
      namespace: props.namespace,
      labels: { 'app.kubernetes.io/managed-by': 'hearth', 'app.kubernetes.io/part-of': platform.config.name },
      disableResourceNameHashes: true,
    });
    this.path = `${props.folder}/${props.file}.k8s.yaml`;
  }
}
