import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { testProjects } from './test/projects.mts';

const { unit, host } = testProjects(import.meta.dirname);
const shared = {
  testTimeout: 60_000,
  expect: { poll: { timeout: 15_000 } }, // a machine with two cores may be busy with other tests
  hookTimeout: 180_000,
};

export default defineConfig({
  test: {
    maxWorkers: availableParallelism() + 1, // a test waits for its host for a third of its time
    projects: [
      { test: { ...shared, name: 'unit', include: unit } },
      { test: { ...shared, name: 'host', include: host, globalSetup: ['test/harness/setup.ts'] } },
    ],
  },
});
