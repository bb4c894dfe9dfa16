/** How many pods the main program of a component may have: as many as the platform file says, or not so for a reason. */
export type Replicas = SeveralPods | OnePod;

export interface SeveralPods {
  /** How many where availability is high. */
  readonly high: number;
  /** Whether they decide by majority: 1, or `high` and more in steps of two. */
  readonly byMajority: boolean;
}

/** The word is refused. */
export interface OnePod {
  /** Why the number of pods cannot be chosen, for people: a sentence without its end. */
  readonly why: string;
  /** What to write instead, for people. @default 'remove it' */
  readonly instead?: string;
}

/** Pods of which each does as well as another. @param high how many where availability is high */
export const several = (high: number): SeveralPods => ({ high, byMajority: false });

/** Members of something that decides by majority. @param high how many where availability is high */
export const majority = (high: number): SeveralPods => ({ high, byMajority: true });

/** Whether there may be several. */
export const maySeveral = (replicas: Replicas | undefined): replicas is SeveralPods =>
  replicas !== undefined && 'high' in replicas;
