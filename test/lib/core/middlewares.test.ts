import { all, find, objectsOf } from '../../support/objects';
import { geoai } from '../../support/platforms';

const objects = (traefik: object = {}, settings: Record<string, unknown> = {}) => objectsOf(geoai(settings, { traefik }));
const spec = (name: string, traefik: object = {}, settings: Record<string, unknown> = {}) =>
  find(objects(traefik, settings), 'Middleware', name, 'geoai-data').spec;
const chainOf = (route: string, traefik: object = {}) =>
  find(objects(traefik), 'IngressRoute', route).spec.routes[0]?.middlewares?.map(({ name }) => name);

test('headers before everything else, so that refusals carry them; the program behind breaker and retries', () => {
  expect(chainOf('minio')).toEqual(['edge', 'upstream']);
  expect(spec('edge')).toEqual({ chain: { middlewares: [{ name: 'security-headers' }, { name: 'rate-limit' }] } });
  expect(spec('upstream')).toEqual({ chain: { middlewares: [{ name: 'circuit-breaker' }, { name: 'retry' }] } });
});

test('the usual limits: 100 requests a second, 50 more at once', () => {
  expect(spec('rate-limit')).toEqual({ rateLimit: { average: 100, burst: 50 } });
  expect(spec('retry')).toEqual({ retry: { attempts: 2, initialInterval: '100ms' } });
  expect(spec('circuit-breaker')).toEqual({
    circuitBreaker: { expression: 'NetworkErrorRatio() > 0.30', fallbackDuration: '5s' },
  });
});

test('security headers; browsers are held to TLS only where they accept the certificate', () => {
  const usual = {
    contentTypeNosniff: true,
    customFrameOptionsValue: 'SAMEORIGIN',
    referrerPolicy: 'strict-origin-when-cross-origin',
    customResponseHeaders: { Server: '', 'X-Powered-By': '' },
  };
  expect(spec('security-headers')).toEqual({ headers: usual });
  const own = { tls: { mode: 'secret', secret: 'own' } };
  expect(spec('security-headers', {}, own)).toEqual({
    headers: { ...usual, stsSeconds: 31_536_000, stsIncludeSubdomains: true },
  });
});

test('each part can be switched off', () => {
  const off = { rateLimit: 'none', attempts: 1, circuitBreaker: 'none' };
  expect(chainOf('minio', off)).toEqual(['security-headers']);
  expect(chainOf('minio', { ...off, attempts: 3 })).toEqual(['security-headers', 'upstream']);
  expect(spec('retry', { attempts: 3 })).toMatchObject({ retry: { attempts: 3 } });
});

test('a limit for bodies holds for every route but those of object stores, and is buffered in space of its own', () => {
  const limited = { maxBody: '100Mi' };
  expect(chainOf('traefik', limited)).toEqual(['edge', 'basic-auth', 'body-100mi', 'upstream']);
  expect(find(objects(limited), 'Middleware', 'body-100mi', 'geoai-gateway').spec).toEqual({
    buffering: { maxRequestBodyBytes: 104_857_600 },
  });
  expect(chainOf('minio-api', limited)).toEqual(['security-headers', 'upstream']);
  expect(chainOf('mlflow', limited)).not.toContain('body-100mi');
  const scratch = (traefik: object) =>
    find(objects(traefik), 'Deployment', 'traefik').spec.template.spec.volumes?.find(({ name }) => name === 'tmp');
  expect(scratch({})?.['emptyDir']).toEqual({ sizeLimit: '64Mi' });
  expect(scratch(limited)?.['emptyDir']).toEqual({ sizeLimit: '864Mi' });
});

test('S3 clients send as many requests as they like', () => {
  expect(chainOf('minio-api')).toEqual(['security-headers', 'upstream']);
});

test('each namespace with routes has its own, and no other', () => {
  const named = all(objects(), 'Middleware').filter(({ metadata }) => metadata.name === 'security-headers');
  expect(named.map(({ metadata }) => metadata.namespace).sort()).toEqual([
    'geoai-ai',
    'geoai-data',
    'geoai-gateway',
    'geoai-tooling',
  ]);
});
