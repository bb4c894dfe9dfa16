import { code, plain, table } from './markdown';

/** The part of a JSON Schema that zod makes of the schemas of this project. */
export interface SettingSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SettingSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: SettingSchema | boolean;
  readonly items?: SettingSchema;
  readonly anyOf?: readonly SettingSchema[];
  readonly oneOf?: readonly SettingSchema[];
}

interface Setting {
  readonly path: string;
  readonly type: string;
  readonly default: string;
  readonly description: string;
}

/** Every setting of an object with its type, default and meaning, as a Markdown table; nested ones by dotted path. */
export function settingsTable(schema: SettingSchema): string {
  return table(
    ['Setting', 'Type', 'Default', 'Meaning'],
    settings(schema).map((setting) => [code(setting.path), setting.type, setting.default, plain(setting.description)]),
  );
}

function settings(schema: SettingSchema, prefix = ''): Setting[] {
  return [...properties(schema)].flatMap(([key, { node, required, only }]) => {
    const path = `${prefix}${key}`;
    const inner = alternatives(node);
    const map = inner.map(({ additionalProperties }) => additionalProperties).find((value) => typeof value === 'object');
    const nested = [
      ...inner.flatMap((object) => settings(object, `${path}.`)),
      ...(map ? alternatives(map).flatMap((object) => settings(object, `${path}.<name>.`)) : []),
    ];
    const merged = new Map(nested.map((setting) => [setting.path, setting]));
    return [
      {
        path,
        type: typeInWords(node),
        default: node.default === undefined ? (required ? 'required' : '') : defaultText(node.default),
        description: [node.description ?? '', only].filter((text) => text !== '').join('; '),
      },
      ...(node.oneOf ? (properties(node).size > 0 ? settings(node, `${path}.`) : []) : merged.values()),
    ];
  });
}

interface Property {
  readonly node: SettingSchema;
  readonly required: boolean;
  /** In which variant it exists, where not in all. */
  readonly only: string;
}

/** The properties of an object, or of all variants of a union of objects. */
function properties(schema: SettingSchema): Map<string, Property> {
  const found = new Map<string, Property>();
  for (const [key, node] of Object.entries(schema.properties ?? {})) {
    found.set(key, { node, required: schema.required?.includes(key) ?? false, only: '' });
  }
  for (const variant of schema.oneOf ?? []) {
    const name = Object.entries(variant.properties ?? {}).flatMap(([key, { const: value }]) =>
      value === undefined ? [] : [`${key}: ${String(value)}`],
    );
    for (const [key, node] of Object.entries(variant.properties ?? {})) {
      const known = found.get(key);
      const required = variant.required?.includes(key) ?? false;
      if (known) found.set(key, { node: eitherOf(known.node, node), required, only: '' });
      else found.set(key, { node, required, only: node.const === undefined ? `with ${code(name.join(', '))}` : '' });
    }
  }
  return found;
}

/** The same property of two variants. */
const eitherOf = (a: SettingSchema, b: SettingSchema): SettingSchema => ({
  enum: [...constants(a), ...constants(b)],
  description: [a.description, b.description].join('; '),
});

const constants = (node: SettingSchema): unknown[] => [...(node.enum ?? []), ...(node.const === undefined ? [] : [node.const])];

/** A schema without `null`, which stands for the defaults. */
function alternatives(node: SettingSchema): SettingSchema[] {
  return (node.anyOf ?? [node]).filter(({ type }) => type !== 'null');
}

const words: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: 'boolean',
};

function typeInWords(node: SettingSchema): string {
  const values = constants(node);
  if (values.length > 0) return values.map((value) => code(String(value))).join(', ');
  if (node.oneOf) return 'object';
  const options = alternatives(node);
  const [first] = options;
  if (options.length > 1 || first === undefined) return options.map(typeInWords).join(' or ');
  if (first !== node) return typeInWords(first);
  if (node.items) return `list of ${typeInWords(node.items)}`;
  if (typeof node.additionalProperties === 'object' && node.properties === undefined) {
    const value = typeInWords(node.additionalProperties);
    return value === 'object' ? 'map by name' : `map of ${value}`;
  }
  const types = typeof node.type === 'string' ? [node.type] : (node.type ?? []);
  return types.map((type) => words[type] ?? type).join(' or ');
}

function defaultText(value: unknown): string {
  if (typeof value === 'object' && value !== null && Object.keys(value).length === 0) return 'none';
  return code(typeof value === 'string' ? value : JSON.stringify(value).replaceAll(/([,:])/g, '$1 '));
}
