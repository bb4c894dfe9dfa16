import { needFor } from '../../../lib/core/need';
import { Registry, type RegistryProps } from '../../../lib/core/registry';
import { problems, testPlatform, type TestEntry } from '../../support/platforms';

interface Wishes {
  readonly days?: number;
  readonly tags?: readonly string[];
}
interface Shelf {
  readonly name: string;
  readonly wishes: () => Wishes;
}
type Shelves = Registry<Shelf, Wishes>;
const shelves = needFor<{ readonly shelves: Shelves }>('shelves', 'a place with shelves');

/** A platform with a provider of shelves; each service asks for a shelf of that name with these wishes. */
function platformOf(
  asking: Record<string, readonly [string, Wishes]>,
  props: Partial<RegistryProps<Shelf, Wishes>> = {},
  own: readonly [string, Wishes][] = [],
) {
  let made: Shelves | undefined;
  const provider: TestEntry = {
    provides: { shelves },
    build: (self) => {
      made = new Registry<Shelf, Wishes>(self, {
        what: 'shelf',
        agree: { days: 'same', tags: 'every' },
        make: (name, wishes) => ({ name, wishes }),
        ...props,
      });
      for (const [name, wishes] of own) made.ask(name, wishes);
      return { shelves: { shelves: made } };
    },
  };
  const entries = Object.entries(asking).map(([service, [name, wishes]]): [string, TestEntry] => [
    service,
    { needs: { shelves }, build: (self) => void self.provider(shelves).shelves.ask(name, wishes) },
  ]);
  testPlatform({ ...Object.fromEntries(entries), store: provider });
  return made?.all.map(({ name, wishes }) => ({ name, ...wishes() }));
}

test('several who ask for the same thing get one, with what all of them wish', () => {
  expect(
    platformOf({ a: ['books', { tags: ['x', 'y'], days: 7 }], b: ['maps', {}], c: ['books', { tags: ['y', 'z'] }] }),
  ).toEqual([{ name: 'books', tags: ['x', 'y', 'z'], days: 7 }, { name: 'maps' }]);
});

test('the same wish of two is agreement', () => {
  expect(platformOf({ a: ['books', { days: 7 }], b: ['books', { days: 7 }] })).toEqual([{ name: 'books', days: 7 }]);
});

test('wishes that contradict each other are refused, with both services', () => {
  expect(problems(() => platformOf({ a: ['books', { days: 7 }], b: ['books', { days: 30 }] }))).toContain(
    'services.b: shelf books: days is 7 for a and 30 for b; write the same for both, or give each a shelf of its own',
  );
});

test('one that contradicts the platform file is refused there', () => {
  const option = (name: string) => ['shelves', name];
  expect(problems(() => platformOf({ a: ['books', { days: 7 }] }, { option }, [['books', { days: 30 }]]))).toContain(
    'services.store.shelves.books.days: a wants 7; write that, or leave it out',
  );
  expect(problems(() => platformOf({ a: ['books', { days: 7 }] }, {}, [['books', { days: 30 }]]))).toContain(
    'services.a: shelf books: days is 30 for store and 7 for a;',
  );
});

test('two names that become one in the program are refused', () => {
  const nameOf = (asked: string) => asked.replaceAll('-', '_');
  expect(platformOf({ a: ['my-books', {}] }, { nameOf })).toEqual([{ name: 'my_books' }]);
  expect(problems(() => platformOf({ a: ['my-books', {}], b: ['my_books', {}] }, { nameOf }))).toContain(
    'services.b: its shelf would be my_books, as that of my-books is; give one of them another name',
  );
});
