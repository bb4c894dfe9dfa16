import type { Step, World } from './world';

/**
 * Steps as a list that is drawn anew while they run, by listr2; without a terminal as plain lines.
 * https://listr2.kilic.dev/
 */
export const progress =
  (terminal: boolean): World['progress'] =>
  async (steps, { together = false } = {}) => {
    if (!terminal) return plainProgress(steps, together);
    const { Listr } = await import('listr2');
    const list = new Listr(
      steps.map((step) => ({
        title: step.title,
        task: async (_, task) => {
          const end = await step.run((what) => (task.output = what));
          task.title = `${step.title}  ${end}`;
        },
      })),
      {
        concurrent: together,
        // The process has its own way to end.
        registerSignalListeners: false,
        rendererOptions: { collapseErrors: false },
        exitOnError: !together,
        collectErrors: 'minimal',
      },
    );
    await list.run();
    const [first] = list.errors;
    // The list wraps what a step threw.
    if (first) throw first.error;
  };

/** How often a step says what it waits for, in milliseconds. */
const patience = 3000;

async function plainProgress(steps: readonly Step[], together: boolean): Promise<void> {
  const run = async (step: Step) => {
    let [last, since] = ['', Date.now()];
    const end = await step.run((what) => {
      if (what === last || Date.now() - since < patience) return;
      [last, since] = [what, Date.now()];
      console.log(`${step.title}: ${what}`);
    });
    console.log(`${step.title}: ${end}`);
  };
  if (!together) {
    for (const step of steps) await run(step);
    return;
  }
  const results = await Promise.allSettled(steps.map(run));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}
