import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Folders whose files take longest: one of them begun last would have the others wait for it alone. */
const LONG_FIRST = ['test/e2e/', 'test/integration/bench/', 'test/integration/core/', 'test/integration/'] as const;

/** Begins with the files that start processes; the order within a folder is vitest's own. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification) => {
      const position = LONG_FIRST.findIndex((folder) => moduleId.includes(folder));
      return position === -1 ? LONG_FIRST.length : position;
    };
    return sorted.sort((one, other) => rank(one) - rank(other));
  }
}
