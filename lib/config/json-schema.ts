import { z } from 'zod';
import { platformSchema } from './platform-config';

/** The JSON Schema of platform files, for completion and hover in editors. */
export function platformJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(platformSchema, { io: 'input', unrepresentable: 'any' });
}

/** The keys that a platform file may have at a path. */
export function knownKeys(path: readonly (string | number)[]): string[] {
  let nodes: JsonSchema[] = [platformJsonSchema()];
  for (const key of path) nodes = nodes.flatMap(alternatives).flatMap((node) => child(node, key));
  return [...new Set(nodes.flatMap(alternatives).flatMap((node) => Object.keys(node.properties ?? {})))];
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

function alternatives(node: JsonSchema): JsonSchema[] {
  return [node, ...[...(node.anyOf ?? []), ...(node.oneOf ?? [])].flatMap(alternatives)];
}

function child(node: JsonSchema, key: string | number): JsonSchema[] {
  const additional = typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
  const found = typeof key === 'number' ? node.items : (node.properties?.[key] ?? additional);
  return found ? [found] : [];
}
