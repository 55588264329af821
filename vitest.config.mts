import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { testProjects } from './test/projects.mts';

const { unit, replacing, host } = testProjects(import.meta.dirname);
const shared = {
  testTimeout: 60_000,
  // A machine with two cores may be busy with other tests. A look at a host takes some 50 ms of them.
  expect: { poll: { timeout: 15_000, interval: 200 } },
  hookTimeout: 180_000,
};

/** vitest starts long files first, and takes their size for their time. The longest run has small ones. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean => /\/test\/(systems|transparency)\//.test(moduleId);
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    maxWorkers: availableParallelism() + 1, // a test waits for its host for a third of its time
    projects: [
      // The files of one process share its modules: to load them anew for each file would take a third of the time.
      { test: { ...shared, name: 'unit', include: unit, isolate: false, restoreMocks: true } },
      { test: { ...shared, name: 'unit-replacing', include: replacing } },
      { test: { ...shared, name: 'host', include: host, globalSetup: ['test/harness/setup.ts'] } },
    ],
  },
});
