import { z } from 'zod';
import type { Catalogue, Definition } from '../core/definition';
import { everyService as wordsOfAll, everyServiceWords } from '../options/every-service';
import { takes } from '../options/sizes';
import { platformSchema } from './platform-config';
import { commonWords, everyService, providersSchema, servicesSchema, type NamedService } from './services';

/**
 * The JSON Schema of platform files, for completion and hover in editors. A service of a name of its own says which component
 * it is.
 */
export function platformJsonSchema(catalogue: Catalogue): Record<string, unknown> {
  const services = everyService(catalogue);
  const schema: JsonSchema = jsonSchema(
    platformSchema({ services: servicesSchema(services), providers: providersSchema(catalogue) }),
  );
  const components = schema.properties?.services?.properties ?? {};
  const itself = { type: 'object', properties: { component: { type: 'string' } }, required: ['component'] };
  const named = services.map(({ name }) => ({ allOf: [reference(name), itself] }));
  return {
    ...schema,
    properties: {
      ...schema.properties,
      services: {
        ...schema.properties?.services,
        properties: Object.fromEntries(services.map(({ name }) => [name, reference(name)])),
        additionalProperties: { anyOf: named },
      },
    },
    $defs: {
      ...Object.fromEntries(everyServiceWords.map((word) => [definitionName(word), jsonSchema(wordsOfAll[word])])),
      ...Object.fromEntries(services.map((service) => [service.name, withReferences(service, components[service.name])])),
    },
  };
}

const reference = (name: string) => ({ $ref: `#/$defs/${name}` });

/** No component has a dot in its name. */
const definitionName = (word: string) => `service.${word}`;

/** A component without what can be said of every service: that stands in the file once. */
function withReferences({ definition }: NamedService, schema: JsonSchema = {}): JsonSchema {
  const shared: readonly string[] = commonWords(definition);
  const point = (node: JsonSchema): JsonSchema =>
    node.properties === undefined
      ? node
      : {
          ...node,
          properties: Object.fromEntries(
            Object.entries(node.properties).flatMap(([key, property]): [string, JsonSchema][] => {
              if (!shared.includes(key)) return [[key, property]];
              if (!takes(definition, key)) return [];
              const usual = key === 'storage' ? { default: usualStorage(definition) } : {};
              return [[key, { ...reference(definitionName(key)), ...usual }]];
            }),
          ),
        };
  return schema.anyOf ? { ...schema, anyOf: schema.anyOf.map(point) } : point(schema);
}

/** The sizes of its volumes as they are without a word. */
function usualStorage({ volumes = {} }: Definition): unknown {
  const sizes = Object.values(volumes);
  return sizes.length === 1 ? sizes[0] : volumes;
}

const jsonSchema = (schema: z.ZodType): Record<string, unknown> =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });

/** The keys that a schema lets a platform file have at a path; `raw`, its content, decides between alternatives. */
export function knownKeys(schema: z.ZodType, path: readonly (string | number)[], raw: unknown): string[] {
  const nodes = path.reduce<JsonSchema[]>(
    (parents, key, i) =>
      parents.flatMap((node) => alternatives(node, valueAt(raw, path.slice(0, i)))).flatMap((node) => child(node, key)),
    [jsonSchema(schema)],
  );
  const chosen = nodes.flatMap((node) => alternatives(node, valueAt(raw, path)));
  return [...new Set(chosen.flatMap((node) => Object.keys(node.properties ?? {})))];
}

/** What a platform file says at a path. */
export function valueAt(raw: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce(
    (value, key) => (typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(String(key)) : undefined),
    raw,
  );
}

interface JsonSchema {
  readonly $ref?: string;
  readonly const?: unknown;
  readonly default?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

/** A node and its alternatives, without those that a constant of theirs rules out, such as another `mode`. */
function alternatives(node: JsonSchema, value: unknown): JsonSchema[] {
  const fits = ({ properties = {}, required = [] }: JsonSchema) =>
    Object.entries(properties).every(([key, schema]) => {
      const given = valueAt(value, [key]);
      return schema.const === undefined || schema.const === given || (given === undefined && !required.includes(key));
    });
  const others = [...(node.anyOf ?? []), ...(node.oneOf ?? [])].filter(fits);
  return [node, ...others.flatMap((other) => alternatives(other, value))];
}

function child(node: JsonSchema, key: string | number): JsonSchema[] {
  const additional = typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
  const found = typeof key === 'number' ? node.items : (node.properties?.[key] ?? additional);
  return found ? [found] : [];
}
