import type { Command } from 'commander';
import { imagesOf } from '../../lib/derived/images';
import { outputOption, print, type OutputOptions } from '../output';
import { platformCommand, platformOf } from '../target';
import type { World } from '../world';

/** `images`: what the nodes will pull. */
export const imagesCommand = (world: World): Command =>
  platformCommand('images', 'list the images of a platform as the nodes pull them, for example to mirror them')
    .addOption(outputOption())
    .action((name: string, options: OutputOptions) => {
      const images = imagesOf(platformOf(world, name));
      print(world, options, images, () => images.map(({ image }) => image));
    });
