import { images as all } from '../../../lib/images';
import { saw } from '../../prove/record';

/** The images of lib/images.ts, for pods of the tests; which of them a suite uses is recorded. */
export const images: typeof all = new Proxy(all, {
  get: (target, key) => {
    saw(`image ${String(key)}`);
    return Reflect.get(target, key) as unknown;
  },
});
