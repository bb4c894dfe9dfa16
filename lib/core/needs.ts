import type { Need } from './platform';

/** What each need is called for people. */
export const needs: Record<Need, string> = {
  sql: 'a database server',
  objectStore: 'an object store',
  cache: 'a cache',
  gateway: 'a gateway',
  identity: 'a place where people have accounts',
  signIn: 'single sign-on at the gateway',
};
