import { z } from 'zod';

const example = 'http://proxy.my-company.org:3128';
const form = /^https?:\/\/[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?:\d{1,5}\/?$/;

/** Scheme, host and port: programs disagree on what a missing port means. */
const proxyUrl = z
  .string()
  .regex(form, {
    error: ({ input }) =>
      typeof input === 'string' && input.includes('@')
        ? `holds a name and a password, which would stand in dist/ and in Git; write ${example}, of a proxy that knows the nodes by their addresses, or of one that signs in to yours`
        : `must be scheme, host and port of a proxy; write for example ${example}`,
  })
  .transform((url) => url.replace(/\/$/, ''));

const name = /^\.?([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?$/;
const ranges = [z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()];

/** As all programs understand it: some know no ports here, and no asterisks. */
const outside = z.string().refine((text) => name.test(text) || ranges.some((range) => range.safeParse(text).success), {
  error: 'must be a name, an address or a range, without a port; write for example my-company.org or 192.0.2.0/24',
});

/** What a platform file says of the proxy by which pods go out. */
export const proxy = z
  .strictObject({
    http: proxyUrl.optional().describe('The proxy for http addresses; by default that for https'),
    https: proxyUrl.optional().describe('The proxy for https addresses; by default that for http'),
    no: z
      .array(outside)
      .default([])
      .describe('Names and addresses outside the cluster that are reached without it; what lies inside always is'),
    addresses: z
      .array(z.cidrv4({ error: 'must be an IPv4 range; write for example 192.0.2.10/32' }))
      .min(1)
      .optional()
      .describe('Where the proxy’s own addresses lie: the way there is open; by default everywhere, on its port'),
  })
  .transform(({ http, https, ...rest }, context) => {
    const [forHttp, forHttps] = [http ?? https, https ?? http];
    if (forHttp !== undefined && forHttps !== undefined) return { http: forHttp, https: forHttps, ...rest };
    context.addIssue({ code: 'custom', message: `names no proxy; write for example { http: ${example} }` });
    return z.NEVER;
  })
  .optional()
  .describe('The proxy by which pods reach what is outside the cluster, where they may');
