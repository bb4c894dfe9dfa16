/**
 * bcrypt is slow on purpose, and a platform has several of its hashes: tests make them with its smallest cost. The one
 * about the cost itself takes bcrypt back by `jest.unmock`.
 */
jest.mock('bcryptjs', () => {
  const bcrypt = jest.requireActual<typeof import('bcryptjs')>('bcryptjs');
  return { ...bcrypt, hash: (text: string) => bcrypt.hash(text, 4) };
});
