import { z } from 'zod';
import { SecretBinding } from '../core/binding';
import type { Component } from '../core/component';
import type { ContainerProps } from '../core/container';
import { Credential, literal, password } from '../core/credential';
import type { Endpoint } from '../core/endpoint';
import { secretText, type SecretText } from '../core/env';
import { temporary } from '../core/mount';
import { needFor } from '../core/need';
import { images } from '../images';

/** https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html#_Toc3901241 */
const filter = z.string().regex(/^(?=\S)(#|(\+|[^+#/\p{Cc}]*)(\/(\+|[^+#/\p{Cc}]*))*(\/#)?)(?<=\S)$/u, {
  error: 'must be a topic filter, # only as its last level and + only as a whole one; write for example lab/+/set',
});

/** What a user may do; one who is told neither may do both below `<name>/`. */
export const topics = z.strictObject({
  publish: z.array(filter).optional().describe('Filters of the topics to which it may publish'),
  subscribe: z.array(filter).optional().describe('Filters of the topics that it may read'),
});
export type Topics = z.output<typeof topics>;

/** A component that runs an MQTT broker and lets others use it. */
export interface MqttBroker {
  /**
   * A user with a password of its own. Several may ask for the same one, where they wish the same.
   * @param name lower-case letters, digits and dashes
   * @param topics what it may publish and read, as topic filters @default everything below `<name>/`
   */
  user(name: string, topics?: Topics): MqttUser;
}

export const mqtt = needFor<MqttBroker>('mqtt', 'an MQTT broker', {
  client: { give: (broker, client) => broker.user(client) },
});

/** A user of an MQTT broker. */
export class MqttUser extends SecretBinding<'username' | 'password'> {
  readonly why: string;
  /** Keys `username` and `password`. */
  readonly credential: Credential;
  readonly wait: ContainerProps & { readonly name: string };

  constructor(
    broker: Component,
    readonly endpoint: Endpoint,
    readonly name: string,
    /** What all who ask for it wish. */
    private readonly wishes: () => Topics,
  ) {
    super();
    this.why = `MQTT as ${name}`;
    this.credential = new Credential(broker, `${broker.name}-${name}`, {
      keys: { username: literal(name), password: password(24) },
    });
    this.wait = {
      name: broker.name,
      image: images.mosquitto,
      // It reads its options from a file, so that no list of processes shows the password.
      command: ['sh', '-c', 'echo "$OPTIONS" > /tmp/mosquitto_sub; until mosquitto_sub -E -t up; do sleep 2; done'],
      env: {
        XDG_CONFIG_HOME: '/tmp',
        OPTIONS: secretText`-h ${endpoint.host}\n-p ${endpoint.port.service}\n-u ${name}\n-P ${this.credential.key('password')}`,
      },
      mounts: { '/tmp': temporary('tmp', '1Mi', 'memory') },
      resources: { requests: { cpu: '10m', memory: '8Mi' }, limits: { cpu: '100m', memory: '32Mi' } },
    };
  }

  get topics(): Topics {
    const wishes = this.wishes();
    const own = [`${this.name}/#`];
    return (wishes.publish ?? wishes.subscribe) ? wishes : { publish: own, subscribe: own };
  }

  /** Connection URL. @default scheme `mqtt` */
  url(scheme = 'mqtt'): SecretText {
    return secretText`${scheme}://${this.name}:${this.key('password')}@${this.endpoint.address}`;
  }
}
