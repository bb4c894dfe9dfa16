import { publicId, uuidOf } from '../../../lib/core/public-id';
import { testPlatform } from '../../support/platforms';

const platform = testPlatform({ kafka: {}, s28: {}, other: {} });
const id = (service: string, purpose?: string) => publicId(platform.component(service), purpose);

// The first is that of RFC 9562, A.4; both are what Python's uuid.uuid5 makes.
test.each([
  ['www.example.com', '6ba7b810-9dad-11d1-80b4-00c04fd430c8', '2ed6657d-e927-568b-95e1-2665a8aea6a2'],
  ['https://hearth.test/ä', '6ba7b811-9dad-11d1-80b4-00c04fd430c8', 'b38458b5-0ad4-52e1-bc5e-86c885a11d60'],
])('the UUID of %s', (name, namespace, uuid) => expect(uuidOf(name, namespace)).toBe(uuid));

test('ids never change: data remembers them', () => {
  expect(id('kafka')).toEqual({ uuid: '26bab94d-a5d8-5a86-bb9f-4b23f7b929ea', base64url: 'Jrq5TaXYWoa7n0sj97kp6g' });
  expect(id('kafka', 'log').uuid).toBe('e8d7fcb3-70fa-5dd5-8a6b-90124e99bf45');
});

test('both forms are the same 16 bytes', () => {
  const { uuid, base64url } = id('other');
  expect(base64url).toMatch(/^[\w-]{22}$/);
  expect(Buffer.from(base64url, 'base64url').toString('hex')).toBe(uuid.replaceAll('-', ''));
});

test('another one for each service and platform', () => {
  const elsewhere = publicId(testPlatform({ kafka: {} }, { name: 'geoai' }).component('kafka'));
  expect(elsewhere.base64url).toBe('hlq-ODaVXMWkDGLTSkKPxQ');
  expect(new Set([id('kafka').uuid, id('other').uuid, elsewhere.uuid]).size).toBe(3);
});

test('none begins with a dash, as that of its plain name would here', () => {
  expect(Buffer.from('fbe1ce98af9259a7b62b29113b0a19f0', 'hex').toString('base64url')).toMatch(/^-/);
  expect(id('s28').uuid).not.toBe('fbe1ce98-af92-59a7-b62b-29113b0a19f0');
  expect(id('s28').base64url).toMatch(/^[^-].{21}$/);
});
