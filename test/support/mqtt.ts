import { mqtt, type Topics } from '../../lib/bindings/mqtt';
import { Deployment } from '../../lib/core/controllers';
import type { Platform } from '../../lib/core/platform';
import { mosquitto } from '../../lib/tiers/messaging/mosquitto';
import { sleeper, testPlatform, type TestEntry } from './platforms';

/** A program that is one user of the broker. */
export const consumer = (user: string, topics?: Topics): TestEntry => ({
  needs: { mqtt },
  build(self) {
    const mine = self.provider(mqtt).user(user, topics);
    new Deployment(self, self.name, { ...sleeper, env: { MQTT_URL: mine.url(), MQTT_USER: mine.key('username') } });
  },
});

/** A platform of these programs and a broker. @param options of the broker */
export const withBroker = (
  entries: Readonly<Record<string, TestEntry>>,
  options: Readonly<Record<string, unknown>> = {},
): Platform => {
  const services = Object.fromEntries([...Object.keys(entries), 'gateway'].map((name) => [name, {}]));
  return testPlatform(entries, { services: { ...services, mosquitto: options } }, { mosquitto: () => mosquitto });
};
