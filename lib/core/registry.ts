import type { Component } from './component';

/** How the wishes of several become one: `same`: nobody may wish anything else; `every`: lists are joined, each entry once. */
export type Agreement = 'same' | 'every';

export interface RegistryProps<T, Wishes extends object> {
  /** What it gives away, for people: `bucket`. */
  readonly what: string;
  /** The name that a thing gets in the program, which may know other letters. @default the name by which it is asked for */
  readonly nameOf?: (asked: string) => string;
  readonly agree: Readonly<Record<keyof Wishes, Agreement>>;
  /** The options in which a platform file says the wishes of a name itself. @default it cannot */
  readonly option?: (name: string) => readonly string[];
  /** @param wishes what all who ask for it wish; complete once every component is built */
  readonly make: (name: string, wishes: () => Partial<Wishes>) => T;
}

interface Wished {
  readonly value: unknown;
  /** The service that wishes it; undefined for the platform file. */
  readonly by: string | undefined;
}

/**
 * What a provider gives away by name: several may ask for the same thing, and agree on what they wish of it. Two names that
 * become one, and wishes that contradict each other, are refused.
 */
export class Registry<T, Wishes extends object = Record<never, never>> {
  private readonly made = new Map<string, { readonly asked: string; readonly thing: T; readonly wished: Map<string, Wished> }>();

  constructor(
    private readonly provider: Component,
    private readonly props: RegistryProps<T, Wishes>,
  ) {}

  /** Everything that was asked for, in that order. */
  get all(): T[] {
    return [...this.made.values()].map(({ thing }) => thing);
  }

  /** The thing of that name, made when it is first asked for. */
  ask(asked: string, wishes: Wishes): T {
    const { what, nameOf, make } = this.props;
    const name = nameOf?.(asked) ?? asked;
    const known = this.made.get(name);
    if (known && known.asked !== asked) {
      const { platform } = this.provider;
      const message = `its ${what} would be ${name}, as that of ${known.asked} is; give one of them another name`;
      platform.refuse({ path: ['services', platform.underConstruction ?? this.provider.name], message });
      return known.thing;
    }
    const wished = known?.wished ?? new Map<string, Wished>();
    const thing = known?.thing ?? make(name, () => asRecord<Wishes>(wished));
    if (!known) this.made.set(name, { asked, thing, wished });
    for (const [wish, value] of Object.entries(wishes)) this.wish(name, wished, wish, value);
    return thing;
  }

  private wish(name: string, wished: Map<string, Wished>, wish: string, value: unknown): void {
    if (value === undefined) return;
    const known = wished.get(wish);
    const building = this.provider.platform.underConstruction;
    const by = building === this.provider.name ? undefined : building;
    if (!known) wished.set(wish, { value, by });
    else if (this.agreement(wish) === 'every') {
      wished.set(wish, { value: [...new Set([known.value, value].flat())], by });
    } else if (JSON.stringify(known.value) !== JSON.stringify(value)) this.refuse(name, wish, known, { value, by });
  }

  private agreement(wish: string): Agreement | undefined {
    return new Map<string, Agreement>(Object.entries(this.props.agree)).get(wish);
  }

  private refuse(name: string, wish: string, one: Wished, other: Wished): void {
    const { what, option } = this.props;
    const { platform, name: own } = this.provider;
    const service = [one, other].find(({ by }) => by !== undefined);
    if (option && service && (one.by === undefined || other.by === undefined)) {
      const message = `${service.by} wants ${inWords(service.value)}; write that, or leave it out`;
      return this.provider.refuse([...option(name), wish], message);
    }
    const says = ({ value, by = own }: Wished) => `${inWords(value)} for ${by}`;
    const message = `${what} ${name}: ${wish} is ${says(one)} and ${says(other)}; write the same for both, or give each a ${what} of its own`;
    platform.refuse({ path: ['services', other.by ?? own], message });
  }
}

/** What was wished is typed when it is asked for, and kept under the names of the same type. */
const asRecord = <Wishes extends object>(wished: Map<string, Wished>): Partial<Wishes> =>
  Object.fromEntries([...wished].map(([wish, { value }]) => [wish, value])) as Partial<Wishes>;

const inWords = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));
