import { defineProof } from '../cluster/support/proof';

/** Keys of every kind for each name, one of which ends by itself, in two databases. Nobody comes to it from outside. */
export const proof = defineProof({
  component: 'mng-valkey',
  services: { 'mng-valkey': { storage: '256Mi' } },

  async write(context, name) {
    // Written at once, so that it is there whole or not at all; 4102444800 is the year 2100.
    const commands = `MULTI
DEL ${name}:hash ${name}:list ${name}:sorted ${name}:stream
SET "${name}:text \\x00\\xff" "with space \\r\\n" EXAT 4102444800
HSET ${name}:hash field 1 other 2
RPUSH ${name}:list a b c
ZADD ${name}:sorted 1.5 one 2 two
XADD ${name}:stream 1-1 field value
SELECT 3
SET ${name}:elsewhere yes
EXEC
`;
    const answer = await context.inPod('valkey-cli', commands);
    expect(answer.trim().split('\n').at(-1)).toBe('OK');
    // What it answers is in memory; after this it is on the volume.
    expect((await context.inPod('valkey-cli WAITAOF 1 0 60000')).split('\n')[0]).toBe('1');
  },

  async read(context) {
    const keys = `#!lua
local found = {}
for _, db in ipairs({0, 3}) do
  redis.call('SELECT', db)
  for _, key in ipairs(redis.call('KEYS', '*')) do
    found[#found + 1] = redis.sha1hex(key) .. redis.sha1hex(redis.call('DUMP', key)) .. redis.call('PEXPIRETIME', key) .. ' ' .. string.match(key, '^[^:]*')
  end
end
return found`;
    const script = 'read -r REDISCLI_AUTH; export REDISCLI_AUTH; valkey-cli -e EVAL "$(cat)" 0';
    const password = await context.secret(context.service, 'password');
    const lines = (await context.inPod(script, `${password}\n${keys}`)).trim().split('\n');
    const found: Record<string, string> = {};
    for (const line of lines.filter(Boolean).sort()) {
      const [content = '', name = ''] = line.split(' ');
      found[name] = `${found[name] ?? ''}${content} `;
    }
    return found;
  },

  also: {
    'no process shows the password': async (context) => {
      const processes = await context.processes();
      expect(processes).toContain('valkey-server');
      expect(processes).not.toContain(await context.secret(context.service, 'password'));
    },
    'it asks for the password': async (context) => {
      expect(await context.inPod('env -u REDISCLI_AUTH valkey-cli PING 2>&1')).toContain('NOAUTH');
    },
    'its exporter sees it': async (context) => {
      const request = 'exec 3<>/dev/tcp/127.0.0.1/9121; printf "GET /metrics HTTP/1.0\\r\\n\\r\\n" >&3; cat <&3';
      expect(await context.inPod(`bash -c '${request}'`)).toMatch(/^redis_up(\{\})? 1$/m);
    },
  },
});
