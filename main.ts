import { synthesize } from './lib/synth';

process.exitCode = synthesize({ platforms: 'platforms', output: 'dist', cdk8s: process.argv.includes('--cdk8s') });
