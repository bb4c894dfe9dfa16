/**
 * Services that the cluster has no image of, from `HEARTH_TEST_WITHOUT` (comma list). Where every image can be pulled
 * it is empty, and the platform runs whole.
 */
export const without = (process.env.HEARTH_TEST_WITHOUT ?? '').split(',').filter(Boolean);
