import { definitionOf, providersIn, provides, type Catalogue } from '../core/definition';
import type { Need } from '../core/need';
import { suggest, type Problem } from '../core/problem';
import { describe } from '../options/wording';
import { section, text, type Section } from './section';
import { choosable, type NamedService } from './services';

/**
 * What is wrong with the services of a platform file together: names, needs that nobody serves, providers that are none.
 * @param services those whose components the catalogue knows
 */
export function serviceChecks(file: Section, services: readonly NamedService[], catalogue: Catalogue): Problem[] {
  return [
    ...emptiness(file),
    ...names(file, services, catalogue),
    ...singles(services),
    ...missingProviders(services, catalogue),
    ...chosenProviders(file, services, catalogue),
    ...openChoices(file, services),
    ...uses(file, services),
  ];
}

function emptiness({ services }: Section): Problem[] {
  if (typeof services !== 'object' || services === null || JSON.stringify(services) !== '{}') return [];
  return [{ path: ['services'], message: 'is empty; write at least one service, for example "traefik: {}"' }];
}

function names(file: Section, services: readonly NamedService[], catalogue: Catalogue): Problem[] {
  const unknown = Object.entries(section(file.services)).flatMap(([name, options]) => {
    const component = text(section(options).component);
    if (component === undefined || definitionOf(catalogue, component)) return [];
    const message = `there is no component "${component}"; ${suggest(component, Object.keys(catalogue))}`;
    return [{ path: ['services', name, 'component'], message }];
  });
  const wrong = services.flatMap(({ name, component }) => {
    const path = ['services', name];
    if (name === component) return [];
    if (Object.hasOwn(catalogue, name)) {
      const message = `is the name of a component, which ${component} is not; write another name`;
      return [{ path, message }];
    }
    // Names of objects that begin with it have at most 52 characters.
    if (/^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$/.test(name)) return [];
    const form = 'lower-case letters, digits and dashes, start with a letter, at most 30 characters';
    return [{ path, message: `must be ${form}; write for example orders-db` }];
  });
  return [...unknown, ...wrong];
}

function singles(services: readonly NamedService[]): Problem[] {
  return services.flatMap(({ name, component, definition }, i) => {
    const first = services.findIndex((other) => other.component === component);
    if (definition.single === undefined || first === i) return [];
    const message = `a platform has one ${component}, since ${definition.single}; remove this one or ${services[first]?.name}`;
    return [{ path: ['services', name], message }];
  });
}

function missingProviders(services: readonly NamedService[], catalogue: Catalogue): Problem[] {
  return services.flatMap(({ name, definition }) =>
    Object.values(definition.needs)
      .filter((need) => !services.some((other) => provides(other.definition, need)))
      .map((need) => {
        const candidates = providersIn(catalogue, need).map((candidate) => `"${candidate}: {}"`);
        return {
          path: ['services', name],
          message: `needs ${need.title}; add ${candidates.join(' or ')} under services`,
        };
      }),
  );
}

/** What stands under `providers` is a service that gives what it shall give. */
function chosenProviders(file: Section, services: readonly NamedService[], catalogue: Catalogue): Problem[] {
  const all = file.providers === undefined ? [] : Object.values(catalogue);
  const needs = all.flatMap((load) => Object.values(load().provides));
  return Object.entries(section(file.providers)).flatMap(([name, chosen]) => {
    const need = needs.find((candidate) => candidate.name === name);
    // What is no need, or no text, the schema refuses.
    if (need === undefined || typeof chosen !== 'string') return [];
    return fault(chosen, need, services, catalogue).map((message) => ({ path: ['providers', name], message }));
  });
}

/** Why a service cannot serve a need, and what to write instead. */
function fault(chosen: string, need: Need<unknown>, services: readonly NamedService[], catalogue?: Catalogue): string[] {
  const service = services.find(({ name }) => name === chosen);
  if (service && provides(service.definition, need)) return [];
  const able = services.filter(({ definition }) => provides(definition, need)).map(({ name }) => name);
  if (!service && catalogue && provides(definitionOf(catalogue, chosen), need)) {
    return [`${chosen} is not among the services; add it, or remove this`];
  }
  const names = catalogue ? [...new Set([...able, ...providersIn(catalogue, need)])] : able;
  return [`${describe(chosen)} gives none; write ${names.join(' or ')}`];
}

/** Where several services could, the file says which of them serves the others. */
function openChoices(file: Section, services: readonly NamedService[]): Problem[] {
  const needs = new Set(services.flatMap(({ definition }) => Object.values(definition.needs)));
  return [...needs].flatMap((need) => {
    const able = services.filter(({ definition }) => provides(definition, need)).map(({ name }) => name);
    const wanted = services.some(
      ({ name, definition }) =>
        Object.values(definition.needs).includes(need) &&
        section(section(section(file.services)[name]).uses)[need.name] === undefined,
    );
    if (need.single || able.length < 2 || !wanted || section(file.providers)[need.name] !== undefined) return [];
    const message = `${able.join(' and ')} are each ${need.title}; write providers: { ${need.name}: ${able[0]} }`;
    return [{ path: ['providers', need.name], message }];
  });
}

/** What stands under the `uses` of a service is one that gives what it shall give. */
function uses(file: Section, services: readonly NamedService[]): Problem[] {
  return services.flatMap(({ name, definition }) =>
    choosable(definition).flatMap((need) => {
      const chosen = section(section(section(file.services)[name]).uses)[need.name];
      if (typeof chosen !== 'string') return [];
      const path = ['services', name, 'uses', need.name];
      return fault(chosen, need, services).map((message) => ({ path, message }));
    }),
  );
}
