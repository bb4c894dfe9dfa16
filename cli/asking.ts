import { exitCodes, Refusal } from './refusal';
import type { Asking } from './world';

/** Questions on the terminal: https://github.com/SBoudrias/Inquirer.js */
export function asking(): Asking {
  const prompts = () => import('@inquirer/prompts');
  return {
    confirm: (message) => answer(async () => (await prompts()).confirm({ message, default: false })),
    input: (message, { default: given, check } = {}) =>
      answer(async () => (await prompts()).input({ message, default: given, validate: check })),
    secret: (message) => answer(async () => (await prompts()).password({ message, mask: false })),
    select: (message, choices) => answer(async () => (await prompts()).select({ message, choices })),
    checkbox: (message, choices) => answer(async () => (await prompts()).checkbox({ message, choices })),
  };
}

async function answer<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ExitPromptError') throw error;
    throw new Refusal('Interrupted.', exitCodes.interrupted);
  }
}
