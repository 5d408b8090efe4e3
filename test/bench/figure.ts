/** What a benchmark found out: its name in the JSON, and how people read it. */
export type Figure = {
  name: string;
  /** Null: it cannot be measured here, and `measured` says why. */
  value: number | null;
  unit: 'x' | 'ms' | 's' | 'MB' | '1/s';
  goal: { atMost: number } | { atLeast: number } | undefined;
  /** What was measured, against what. */
  measured: string;
};

/** Figures that are measured together, on the same data. */
export type FigureGroup = {
  names: readonly string[];
  /** How long measuring may take: after that it is given up. Half an hour if not given. */
  limitMinutes?: number;
  /** Measures those that are wanted; may measure the others with them. */
  measure(context: BenchContext): Promise<Figure[]>;
};

export type BenchContext = {
  /** A PostgreSQL server, to make databases on. Started at the first call. */
  serverUrl(): Promise<string>;
  isWanted(name: string): boolean;
  /** Tells whoever waits what is being done. */
  progress(message: string): void;
};
