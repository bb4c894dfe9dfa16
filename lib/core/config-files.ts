import { createHash } from 'node:crypto';
import { k8s } from 'cdk8s-plus-28';
import * as YAML from 'yaml';
import type { Component } from './component';
import type { MountSource } from './mount';
import type { Reload } from './reload';

/** Renders a value as YAML. */
export const yaml = (value: unknown): string => YAML.stringify(value, { lineWidth: 0 });
/** Renders a value as indented JSON. */
export const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

export interface ConfigFilesProps {
  /** Names of the files that programs start themselves. @default none */
  readonly executable?: readonly string[];
  /** How running programs take over a change; they must mount the whole folder. @default by a restart of the pods */
  readonly reload?: Reload;
}

/**
 * Configuration files of a component in one ConfigMap. Pods that mount them carry a hash of the content, so that a change rolls
 * them, unless their programs reload them. Kubernetes lets the group of the pod read each of them whatever its mode says: a
 * program that refuses such a file needs a copy, made in temporary space.
 */
export class ConfigFiles implements MountSource {
  readonly readOnly = true;
  private rendered?: Record<string, string>;

  /**
   * @param content file name → text (see {@link yaml}, {@link json}); a function where it follows from the finished graph
   */
  constructor(
    readonly owner: Component,
    readonly name: string,
    private readonly content: Record<string, string> | (() => Record<string, string>),
    private readonly props: ConfigFilesProps = {},
  ) {
    owner.platform.graph.configFiles.push(this);
  }

  /** How programs take over a change without a restart. */
  get reload(): Reload | undefined {
    return this.props.reload;
  }

  get files(): Record<string, string> {
    this.rendered ??= typeof this.content === 'function' ? this.content() : this.content;
    return this.rendered;
  }

  /** Changes exactly when the content does. */
  get hash(): string {
    return createHash('sha256').update(JSON.stringify(this.files)).digest('hex').slice(0, 16);
  }

  /** One of the files, to be mounted at a path of its own. */
  file(file: string): MountSource {
    return { name: this.name, readOnly: true, subPath: file, config: this, volume: () => this.volume() };
  }

  get config(): ConfigFiles {
    return this;
  }

  volume(): k8s.Volume {
    const { executable = [] } = this.props;
    if (executable.length === 0) return { name: this.name, configMap: { name: this.name } };
    const names = Object.keys(this.files);
    const missing = executable.find((file) => !names.includes(file));
    if (missing !== undefined) throw new Error(`${this.name} has no file ${missing}, which shall be executable`);
    const items = names.map((key) => ({ key, path: key, ...(executable.includes(key) ? { mode: 0o555 } : {}) }));
    return { name: this.name, configMap: { name: this.name, items } };
  }

  render(): void {
    new k8s.KubeConfigMap(this.owner, `config-${this.name}`, { metadata: { name: this.name }, data: this.files });
  }
}
