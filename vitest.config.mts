import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/host/setup.ts'],
    maxWorkers: Math.max(2, availableParallelism() - 1), // tests wait half of their time; of two cores vitest would use one
    testTimeout: 60_000,
    expect: { poll: { timeout: 15_000 } }, // a machine with two cores may be busy with other tests
    hookTimeout: 180_000,
  },
});
