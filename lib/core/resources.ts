import { k8s } from 'cdk8s-plus-28';

/** CPU and memory as Kubernetes quantities. */
export interface Quantities {
  readonly cpu: string;
  readonly memory: string;
}

/** What a container asks for, and what it may at most use. */
export interface Resources {
  readonly requests: Quantities;
  readonly limits: Quantities;
}

/** What a platform file may say about them: any part. */
export interface ResourceOverrides {
  readonly requests?: Partial<Quantities>;
  readonly limits?: Partial<Quantities>;
}

/**
 * The component's own sizes with the platform file's on top. Kubernetes refuses a request above its limit: where only one
 * of them is overridden, the other follows.
 */
export function sized(defaults: Resources, overrides: ResourceOverrides = {}): Resources {
  const pair = (key: keyof Quantities) => {
    const [request, limit] = [overrides.requests?.[key], overrides.limits?.[key]];
    const exceeds = (a: string, b: string) => (quantityValue(a) ?? 0) > (quantityValue(b) ?? 0);
    return {
      request: request ?? (limit && exceeds(defaults.requests[key], limit) ? limit : defaults.requests[key]),
      limit: limit ?? (request && exceeds(request, defaults.limits[key]) ? request : defaults.limits[key]),
    };
  };
  const [cpu, memory] = [pair('cpu'), pair('memory')];
  return {
    requests: { cpu: cpu.request, memory: memory.request },
    limits: { cpu: cpu.limit, memory: memory.limit },
  };
}

export function renderResources({ requests, limits }: Resources): k8s.ResourceRequirements {
  const render = ({ cpu, memory }: Quantities) => ({
    cpu: k8s.Quantity.fromString(cpu),
    memory: k8s.Quantity.fromString(memory),
  });
  return { requests: render(requests), limits: render(limits) };
}

const suffixes: Record<string, number> = {
  '': 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The number that a quantity stands for, or undefined where it is none. */
export function quantityValue(quantity: string): number | undefined {
  const [, digits, suffix] = /^(\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(quantity) ?? [];
  const factor = suffixes[suffix ?? '?'];
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor;
}
