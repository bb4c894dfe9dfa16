import { z } from 'zod';
import { definitionOf, providersIn, type Catalogue, type Definition } from '../core/definition';
import type { Need } from '../core/need';
import type { Overrides } from '../core/overrides';
import type { ServiceSettings } from '../core/settings';
import { clientsFor, everyServiceWords, wordsOf, type EveryServiceWord } from '../options/every-service';
import { describe, whenMissing } from '../options/wording';
import type { Section } from './section';

/** One service as a platform file names it. */
export interface NamedService {
  readonly name: string;
  /** Its component, as the catalogue names it. */
  readonly component: string;
  readonly definition: Definition;
}

/** Whether a service has the name of its component. */
const isUsual = ({ name, component }: NamedService) => name === component;

/** The component that a service is: the one it names, or the one of its own name. */
export function componentOf(name: string, raw: unknown): string {
  const named = typeof raw === 'object' && raw !== null && 'component' in raw ? raw.component : undefined;
  return typeof named === 'string' ? named : name;
}

/**
 * The services of a file whose components the catalogue knows; loads no other ones. In the order of the catalogue, so that
 * nothing follows from that of the file.
 */
export function servicesIn(raw: unknown, catalogue: Catalogue): NamedService[] {
  const services = typeof raw === 'object' && raw !== null && 'services' in raw ? raw.services : undefined;
  if (typeof services !== 'object' || services === null || Array.isArray(services)) return [];
  const order = Object.keys(catalogue);
  return Object.entries(services)
    .flatMap(([name, options]) => {
      const component = componentOf(name, options);
      const definition = definitionOf(catalogue, component);
      return definition ? [{ name, component, definition }] : [];
    })
    .sort(
      (a, b) =>
        order.indexOf(a.component) - order.indexOf(b.component) ||
        Number(!isUsual(a)) - Number(!isUsual(b)) ||
        (a.name < b.name ? -1 : 1),
    );
}

/** One service for each component of the catalogue; loads all of it. */
export const everyService = (catalogue: Catalogue): NamedService[] =>
  Object.entries(catalogue).map(([name, load]) => ({ name, component: name, definition: load() }));

/** What a service may ask of others of which a platform may have several, in the order of the definition. */
export const choosable = ({ needs, optional }: Definition): Need<unknown>[] =>
  [...Object.values(needs), ...Object.values(optional)].filter(({ single }) => !single);

/** The words for every service that mean the same here; some components have an option of the same name. */
export const sharedWords = ({ options }: Definition): EveryServiceWord[] =>
  everyServiceWords.filter((word) => !(word in options.shape));

/** What foreign clients may wish of a service, where it gives them something of its own. */
const ownClients = ({ provides }: Definition) => clientsFor(Object.values(provides));

/** What each of these words says of a service. */
function wordsFor(definition: Definition): Readonly<Record<string, z.ZodType>> {
  const clients = ownClients(definition);
  const words = { ...wordsOf(definition), ...(clients ? { clients } : {}) };
  return Object.fromEntries(sharedWords(definition).map((word) => [word, words[word]]));
}

/** Those of them that say of this component what they say of every other one. */
export const commonWords = (definition: Definition): EveryServiceWord[] =>
  sharedWords(definition).filter((word) => word !== 'clients' || ownClients(definition) === undefined);

/** Parts what a file says of a service into the options of its component and the words for every service. */
export function serviceSettings({ component, definition }: NamedService, given: Section): ServiceSettings {
  const { uses = {}, ...rest } = given;
  const shared: readonly string[] = sharedWords(definition);
  const part = (of: (word: string) => boolean) => Object.fromEntries(Object.entries(rest).filter(([word]) => of(word)));
  // The schema has checked both.
  return {
    component,
    uses: uses as ServiceSettings['uses'],
    options: part((word) => word !== 'component' && !shared.includes(word)),
    overrides: part((word) => shared.includes(word)) as Overrides,
  };
}

/** Everything that can be said of a service: the options of its component, and what holds for all. */
export function serviceSchema(service: NamedService): z.ZodType {
  const { component, definition } = service;
  const named = z.literal(component).describe('The component that it is; by default the one of its own name');
  const needs = choosable(definition);
  const schema = definition.options.safeExtend({
    ...wordsFor(definition),
    component: isUsual(service) ? named.optional() : named,
    ...(needs.length > 0 ? { uses: usesSchema(needs) } : {}),
  });
  // Nothing stands for the defaults, where there is one for everything.
  const given = isUsual(service) && schema.safeParse({}).success ? schema.nullable() : schema;
  return given.describe(`${definition.title}. ${definition.documentation}`);
}

const usesSchema = (needs: readonly Need<unknown>[]) =>
  z
    .strictObject(
      Object.fromEntries(
        needs.map(({ name, title }) => [
          name,
          z.string({ error: 'must be the name of a service' }).optional().describe(`The service that is ${title} to it`),
        ]),
      ),
    )
    .default({})
    .describe('Which services serve this one; by default those that serve all, see providers');

/** The services of a platform file. */
export const servicesSchema = (services: readonly NamedService[]) =>
  z
    .strictObject(Object.fromEntries(services.map((service) => [service.name, serviceSchema(service).optional()])), {
      error: whenMissing(`is missing; write at least one service, for example "services: { traefik: {} }"`),
    })
    .describe('The services of the platform by name, each with its options; {} or nothing for the defaults');

/** What serves all others, where several services could. Its names are checked together with those of the services. */
export function providersSchema(catalogue: Catalogue) {
  const definitions = everyService(catalogue).map(({ definition }) => definition);
  const asked = new Set(definitions.flatMap(choosable));
  const provided = definitions.flatMap(({ provides }) => Object.values(provides)).filter((need) => asked.has(need));
  const needs = new Map(provided.map((need) => [need.name, need]));
  const shape = [...needs.values()]
    .filter(({ single }) => !single)
    .map((need) => {
      const able = providersIn(catalogue, need);
      const schema = z
        .string({ error: ({ input }) => `${describe(input)} is no service; write ${able.join(' or ')}` })
        .optional()
        .describe(`The service that is ${need.title} to the others`);
      return [need.name, schema] as const;
    });
  return z.strictObject(Object.fromEntries(shape));
}
