import { createHash } from 'node:crypto';
import type { Component } from './component';

/** An id of 16 bytes that is no secret, in the forms that programs want. */
export interface PublicId {
  /** For example `2ed6657d-e927-568b-95e1-2665a8aea6a2`. */
  readonly uuid: string;
  /** The same 16 bytes in base64url: 22 characters, the first of which is no dash, so that it can be an argument. */
  readonly base64url: string;
}

/**
 * The id of something that a service is or has, such as a cluster of servers: the same at every synthesis, another one for each
 * platform, service and purpose. It changes with their names, and everybody can compute it.
 * @param purpose tells several ids of one service apart @default the service itself
 */
export function publicId({ platform, name }: Component, purpose = ''): PublicId {
  const path = [platform.config.name, name, ...(purpose === '' ? [] : [purpose])].join('/');
  // One in 64 begins with a dash: then it is the id of a longer name.
  for (let text = path; ; text += '/') {
    const uuid = uuidOf(text, hearth);
    const base64url = bytesOf(uuid).toString('base64url');
    if (!base64url.startsWith('-')) return { uuid, base64url };
  }
}

/** The namespace of these ids: a UUID that was drawn once. */
const hearth = '290f2ac2-3f99-472d-8abd-41d577e57a27';

/** A UUID of version 5, made of a name within a namespace. https://www.rfc-editor.org/rfc/rfc9562#section-5.5 */
export function uuidOf(name: string, namespace: string): string {
  const bytes = createHash('sha1').update(bytesOf(namespace)).update(name).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const bytesOf = (uuid: string): Buffer => Buffer.from(uuid.replaceAll('-', ''), 'hex');
