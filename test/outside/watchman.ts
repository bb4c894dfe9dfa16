import { z } from 'zod';
import { sql } from '../../lib/bindings/sql-database';
import { Deployment } from '../../lib/core/controllers';
import { defineComponent } from '../../lib/core/definition';
import { wholeNumber } from '../../lib/options';
import { doorbell } from './doorbell-binding';

/** A consumer that is none of hearth's, of a provider beside it and of one of hearth's: the program is made up. */
export const watchman = defineComponent({
  title: 'Watchman, who rings when rows change',
  documentation: 'https://example.org/watchman',
  signIn: 'nothing: nobody comes to it',
  tier: 'apps',
  options: z.strictObject({
    interval: wholeNumber(30, { of: 'seconds' }).default(30).describe('Seconds between looks'),
  }),
  needs: { sql, doorbell },
  build(self, { options, sql, doorbell }) {
    const database = sql.database(self.name);
    const bell = doorbell.bell(self.name);
    new Deployment(self, self.name, {
      image: 'registry.example.org/watchman:4.5.6',
      command: ['watchman', `--interval=${options.interval}`],
      env: { DATABASE_URL: database.url('postgresql'), BELL_URL: bell.url },
      user: { uid: 1000, gid: 1000 },
      resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { cpu: '200m', memory: '64Mi' } },
    });
  },
});
