import { z } from 'zod';
import { firstRuns } from '../core/cron';

/** When something runs again and again: the five fields of cron. */
export const schedule = (at: string) =>
  z
    .string()
    .refine(isSchedule, {
      error: `must be the five fields of cron, as numbers; write for example "${at}"`,
      abort: true,
    })
    .refine(comesTrue, { error: `never comes true; write for example "${at}"` })
    .default(at);

/** What each of the five fields may hold; https://man7.org/linux/man-pages/man5/crontab.5.html */
const scheduleFields = [
  { from: 0, to: 59, names: undefined },
  { from: 0, to: 23, names: undefined },
  { from: 1, to: 31, names: undefined },
  { from: 1, to: 12, names: /^(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)$/i },
  { from: 0, to: 6, names: /^(sun|mon|tue|wed|thu|fri|sat)$/i },
] as const;

function isSchedule(text: string): boolean {
  const fields = text.split(' ');
  return (
    fields.length === scheduleFields.length &&
    scheduleFields.every(({ from, to, names }, i) => {
      const isValue = (value: string) => (/^\d+$/.test(value) ? +value >= from && +value <= to : names?.test(value) === true);
      return (fields[i] ?? '').split(',').every((part) => {
        const [range = '', step] = part.split('/');
        const ends = range.split('-');
        return (
          part.split('/').length <= 2 &&
          (step === undefined || /^[1-9]\d*$/.test(step)) &&
          (range === '*' || (ends.length <= 2 && ends.every(isValue)))
        );
      });
    })
  );
}

/** False for the 30th of February, and for a range whose end is before its beginning. */
function comesTrue(text: string): boolean {
  try {
    return firstRuns(text, 1).length > 0;
  } catch {
    return false;
  }
}
